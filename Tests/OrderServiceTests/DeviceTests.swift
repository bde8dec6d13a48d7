import CapacityAPI
import CapacityModel
import CapacityStore
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("GPUs over HTTP", .freshDatabase, .timeLimit(.minutes(5)))
struct DeviceTests {
    /// A site with one host of two GPUs, beside the fleet there is.
    private static let fleet = """
        site,host,province,city,carrier,origin,vcpu_milli,memory_mib,disk_gib,bandwidth_mbps,gpu_model,gpu_count,capabilities
        g,g-1,44,4401,telecom,self,64000,262144,1000,1000,G2,2,local-disk

        """

    private func with(_ body: @Sendable (Fixture) async throws -> Void) async throws {
        try await Fixture.with { fixture in
            let imported = try await fixture.send(
                .post, "/v1/sites", as: fixture.operatorKey, body: Self.fleet, type: "text/csv")
            guard imported.status == .ok else { throw Fixture.Unexpected(imported) }
            try await body(fixture)
        }
    }

    private static func order(_ count: Int, gpu: String) -> String {
        """
        { "spec": { "vcpu": 1, "memoryMiB": 1024, "image": "muster.local/probe:1", "gpu": { "model": "G2", "count": \(gpu) } },
          "count": \(count), "window": { "duration": "PT1H" } }
        """
    }

    @Test("shares of one device are ordered, seen on the host, in the plan, by instance and by the agent, as described")
    func shares() async throws {
        try await with { fixture in
            let made = try await fixture.send(
                .post, "/v1/orders", as: fixture.tenant, body: Self.order(3, gpu: "0.5"))
            #expect(made.status == .created)
            let order = try made.decoded(OrderView.self)
            #expect(order.spec.gpu?.model == "G2")
            #expect(order.spec.gpu?.count == 0.5)
            #expect(order.plan.groups.map(\.gpuDevices) == [[0], [1]])
            #expect(order.plan.groups.map(\.count) == [2, 1])
            #expect(order.plan.hosts == 1)
            let id = try #require(OrderID(text: order.id))
            _ = try await fixture.store.transaction { session in try Store.assign(id, in: session) }

            let instances = try await fixture.send(.get, "/v1/orders/\(order.id)/instances", as: fixture.tenant)
            #expect(
                try instances.decoded(Page<InstanceView>.self).items.map(\.gpuDevices) == [[0], [0], [1]])
            let told = try await fixture.send(.get, "/agent/v1/sites/g/assignments", as: fixture.agent)
            #expect(
                try told.decoded(AgentWire.Assignments.self).assignments.map(\.gpus)
                    == [0, 0, 1].map {
                        AgentWire.GPUs(model: "G2", devices: [$0], shareMilli: 500)
                    })
            let hosts = try await fixture.send(.get, "/v1/hosts?site=g", as: fixture.operatorKey)
            let host = try #require(try hosts.decoded(Page<HostView>.self).items.first)
            #expect(host.gpuReserved == [1, 0.5])
            #expect(host.reserved.gpuCount == 1.5)

            let schema = try #require(Schema(document: fixture.server.document.root))
            for (answer, name) in [
                (made, "OrderView"), (instances, "InstancePage"), (told, "Assignments"), (hosts, "HostPage"),
            ] {
                #expect(schema.flaws(of: try answer.decoded(JSONValue.self), as: name).isEmpty, "\(name)")
            }
        }
    }

    @Test("half of a share is offered as a share, as described")
    func halves() async throws {
        try await with { fixture in
            let made = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Self.order(2, gpu: "0.7"))
            #expect(made.status == .created)
            let refused = try await fixture.send(
                .post, "/v1/orders", as: fixture.tenant, body: Self.order(1, gpu: "0.6"))
            #expect(refused.status == .conflict)
            let offers = try refused.problem.offers ?? []
            #expect(offers.first { $0.kind == .otherSpec }?.spec?.gpu?.count == 0.3)
            let schema = try #require(Schema(document: fixture.server.document.root))
            #expect(schema.flaws(of: try refused.decoded(JSONValue.self), as: "Problem") == [])
        }
    }

    @Test("whole devices are ordered, and what is in use is refused with the moment it is free")
    func whole() async throws {
        try await with { fixture in
            let first = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Self.order(1, gpu: "0.1"))
            #expect(first.status == .created)
            let refused = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Self.order(1, gpu: "2"))
            #expect(refused.status == .conflict)
            #expect(try refused.problem.offers?.map(\.kind).contains(.later) == true)
            let one = try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: Self.order(1, gpu: "1"))
            #expect(try one.decoded(OrderView.self).plan.groups.map(\.gpuDevices) == [[1]])
        }
    }

    @Test(
        "what is neither whole devices nor a share of one is refused, naming the field",
        arguments: ["1.5", "0", "-1", "65", "0.0001", "\"1\""])
    func flaws(count: String) async throws {
        try await with { fixture in
            let refused = try await fixture.send(
                .post, "/v1/orders", as: fixture.tenant, body: Self.order(1, gpu: count))
            #expect(refused.status == .unprocessableContent)
            #expect(try refused.problem.errors?.map(\.pointer) == ["/spec/gpu/count"])
        }
    }

    @Test("a share is held, and what is held is refused to others")
    func holding() async throws {
        try await with { fixture in
            let body =
                #"{ "spec": { "vcpu": 1, "memoryMiB": 64, "gpu": { "model": "G2", "count": 0.7 } }, "count": 2 }"#
            let held = try await fixture.send(.post, "/v1/reservations", as: fixture.tenant, body: body)
            #expect(try held.decoded(ReservationView.self).plan.groups.map(\.gpuDevices) == [[0], [1]])
            #expect(try held.decoded(ReservationView.self).spec.gpu?.count == 0.7)
            let refused = try await fixture.send(
                .post, "/v1/orders", as: fixture.stranger, body: Self.order(1, gpu: "0.4"))
            #expect(refused.status == .conflict)
        }
    }
}
