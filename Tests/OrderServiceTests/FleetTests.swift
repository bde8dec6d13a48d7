import CapacityAPI
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("The fleet over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct FleetTests {
    @Test("sites and hosts are listed by name, hosts of one site too")
    func lists() async throws {
        try await Fixture.with { fixture in
            let sites = try await fixture.send(.get, "/v1/sites", as: fixture.operatorKey)
            #expect(try sites.decoded(Page<SiteView>.self).items.map(\.name) == ["a", "b", "c"])
            let hosts = try await fixture.send(.get, "/v1/hosts?site=b", as: fixture.operatorKey)
            #expect(try hosts.decoded(Page<HostView>.self).items.map(\.name) == ["b-1", "b-2"])
            let first = try await fixture.send(.get, "/v1/hosts?pageSize=4", as: fixture.operatorKey)
            let next = try #require(try first.decoded(Page<HostView>.self).next)
            let second = try await fixture.send(.get, "/v1/hosts?pageSize=4&cursor=\(next)", as: fixture.operatorKey)
            #expect(try second.decoded(Page<HostView>.self).items.map(\.name) == ["c-1", "c-2"])
        }
    }

    @Test("a file with one bad line is refused whole, naming line and column")
    func badFile() async throws {
        try await Fixture.with { fixture in
            let file =
                Fixture.fleet.replacing("c,c-2,44", with: "d,d-1,99") + "e,e-1,11,1101,telecom,self,1,1,0,0,,0,\n"
            let response = try await fixture.send(
                .post, "/v1/sites", as: fixture.operatorKey, body: file, type: "text/csv"
            )
            #expect(response.status == .unprocessableContent)
            let details = try response.problem.errors?.map(\.detail).joined() ?? ""
            #expect(details.contains("line 7"))
            #expect(details.contains("province"))
            let sites = try await fixture.send(.get, "/v1/sites", as: fixture.operatorKey)
            #expect(try sites.decoded(Page<SiteView>.self).items.map(\.name) == ["a", "b", "c"])
        }
    }

    @Test("a host cannot shrink below what is reserved on it")
    func shrinking() async throws {
        try await Fixture.with { fixture in
            _ = try await fixture.order(48)
            let file = Fixture.fleet.replacing(
                "a,a-1,11,1101,telecom,self,8000", with: "a,a-1,11,1101,telecom,self,1000")
            let response = try await fixture.send(
                .post, "/v1/sites", as: fixture.operatorKey, body: file, type: "text/csv"
            )
            #expect(response.status == .conflict)
        }
    }
}
