import CapacityAPI
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("What of a host may be reserved, over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct FleetTermsTests {
    @Test("a site sells its vCPU as often as it states, and orders find that room")
    func oversell() async throws {
        try await Fixture.with { fixture in
            let key = fixture.operatorKey
            let before = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(52))
            #expect(before.status == .conflict, "48 cores are there")
            let body = #"{ "vcpuOversell": 1.25 }"#
            let site = try await fixture.send(.patch, "/v1/sites/a", as: key, body: body).decoded(SiteView.self)
            #expect(site.vcpuOversell == 1.25)
            let order = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Fixture.body(52))
            #expect(order.status == .created)
            let back = try await fixture.send(.patch, "/v1/sites/a", as: key, body: #"{ "vcpuOversell": 1 }"#)
            #expect(back.status == .conflict)
            let hosts = try await fixture.send(.get, "/v1/hosts?site=a", as: key).decoded(Page<HostView>.self).items
            #expect(hosts.map(\.allocatable.vcpu) == [10, 10])
            #expect(hosts.map(\.capacity.vcpu) == [8, 8])
        }
    }

    @Test("a system share is taken off every host of a site, and a host may have its own")
    func share() async throws {
        try await Fixture.with { fixture in
            let key = fixture.operatorKey
            let body = #"{ "systemShare": { "vcpu": 2, "memoryMiB": 1024 } }"#
            let site = try await fixture.send(.patch, "/v1/sites/a", as: key, body: body).decoded(SiteView.self)
            #expect(site.systemShare.vcpu == 2)
            #expect(site.vcpuOversell == 1)
            let host = try await fixture.send(
                .patch, "/v1/hosts/a-2", as: key, body: #"{ "systemShare": { "vcpu": 4 } }"#
            ).decoded(HostView.self)
            #expect((host.systemShare.vcpu, host.systemShare.memoryMiB, host.allocatable.vcpu) == (4, 1_024, 4))
            let reset = try await fixture.send(.patch, "/v1/hosts/a-2", as: key, body: #"{ "systemShare": {} }"#)
            #expect(try reset.decoded(HostView.self).allocatable.vcpu == 6)
            #expect(try await fixture.send(.patch, "/v1/hosts/x", as: key, body: body).status == .notFound)
            #expect(try await fixture.send(.patch, "/v1/sites/a", as: fixture.tenant, body: body).status == .forbidden)
        }
    }
}
