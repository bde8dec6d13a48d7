import CapacityModel
import Testing

@Suite("Distances between provinces")
struct DistanceTests {
    @Test(
        "they are those of the capitals on the map, within five in a hundred",
        arguments: [
            ("11", "31", 1_068), ("11", "12", 110), ("44", "81", 130), ("11", "65", 2_415), ("23", "46", 3_220),
        ]
    )
    func capitals(one: String, other: String, kilometres: Int) throws {
        let distance = try #require(Province.distanceKm(from: one, to: other))
        #expect(abs(distance - kilometres) * 20 <= kilometres)
        #expect(distance == Province.distanceKm(from: other, to: one))
    }

    @Test("every province has a place of its own, and an unknown code has none")
    func all() {
        for one in Province.all {
            for other in Province.all {
                #expect((Province.distanceKm(from: one.code, to: other.code) == 0) == (one == other))
            }
        }
        #expect(Province.distanceKm(from: "11", to: "99") == nil)
    }
}
