import CapacityAPI
import Testing

@testable import OrderService

@Suite("Cursors, keys and limits")
struct SmallTests {
    @Test("a cursor comes back as it was given, for its own list only", arguments: Cursor.List.allCases)
    func cursor(list: Cursor.List) {
        for place in ["ord-1", "深圳-1", "a?b>c~"] {
            let text = Cursor(list: list, place: place).text
            #expect(text.utf8.allSatisfy { ($0 > 47 && $0 < 58) || ($0 > 64 && $0 < 123) || $0 == 45 })
            for other in Cursor.List.allCases {
                #expect(Cursor(text, of: other)?.place == (other == list ? place : nil))
            }
        }
    }

    @Test("text that is no cursor is none", arguments: ["", "x", "====", "b3JkZXJz", "b3JkZXJzOg"])
    func noCursor(text: String) {
        #expect(Cursor(text, of: .orders) == nil)
    }

    @Test("a key names its role, is random, and reads back")
    func key() throws {
        let key = APIKey(for: .tenant)
        #expect(key.text.hasPrefix("mk_t_"))
        #expect(APIKey(key.text)?.hash == key.hash)
        #expect(key.hash.count == 32)
        #expect(APIKey(for: .tenant).text != key.text)
        #expect(APIKey("mk_t_") == nil)
    }

    @Test("places are given until there are none, and again when one is given back")
    func admission() throws {
        let admission = Admission(limits: Admission.Limits(prompt: 1, waiting: 1))
        try admission.enter(.prompt)
        #expect(throws: Problem.self) { try admission.enter(.prompt) }
        try admission.enter(.waiting)
        try admission.enter(.always)
        admission.leave(.prompt)
        try admission.enter(.prompt)
    }
}
