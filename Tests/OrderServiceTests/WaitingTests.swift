import CapacityAPI
import CapacityModel
import CapacityStore
import HTTPTypes
import HummingbirdTesting
import TestSupport
import Testing

@testable import OrderService

@Suite("Answers that wait", .freshDatabase, .timeLimit(.minutes(5)))
struct WaitingTests {
    /// A service that never looks by itself, so that only a wake can end a wait.
    private static var wakeOnly: ServerSettings {
        var settings = ServerSettings()
        settings.rhythm.look = .seconds(600)
        return settings
    }

    @Test("a poll with nothing to wait for is answered at once")
    func immediate() async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(.get, "/agent/v1/sites/a/assignments", as: fixture.agent)
            let found = try response.decoded(AgentWire.Assignments.self)
            #expect(found.assignments.isEmpty)
            #expect(!found.more)
            let unknown = try await fixture.send(.get, "/agent/v1/sites/z/assignments", as: fixture.agent)
            #expect(unknown.status == .notFound)
            let tooLong = try await fixture.send(.get, "/agent/v1/sites/a/assignments?wait=31", as: fixture.agent)
            #expect(tooLong.status == .unprocessableContent)
        }
    }

    @Test("a waiting agent is woken by the order; its reports move the order, each once")
    func delivery() async throws {
        try await Fixture.with(settings: Self.wakeOnly) { fixture in
            let joined = try await fixture.send(
                .post, "/agent/v1/join", as: fixture.agent,
                body: #"{ "agent": "t", "sites": [], "engine": "simulated" }"#
            )
            #expect(try joined.decoded(AgentWire.Joined.self).sites.map(\.name) == ["a", "b", "c"])
            try await fixture.whileWorking {
                async let poll = fixture.send(.get, "/agent/v1/sites/a/assignments?wait=30", as: fixture.agent)
                let order = try await fixture.order(48)
                let assignments = try await poll.decoded(AgentWire.Assignments.self).assignments
                #expect(!assignments.isEmpty)
                #expect(assignments.allSatisfy { $0.order == order.id && $0.desire == .run })

                let instance = try #require(assignments.first)
                let report = #"""
                    { "sequence": 1, "observations": [ { "instance": "\#(instance.instance)",
                      "epoch": \#(instance.epoch), "state": "ready", "at": "\#(instance.startAt)",
                      "address": "10.0.0.1" } ] }
                    """#
                for _ in 0..<2 {
                    let answer = try await fixture.send(
                        .post, "/agent/v1/sites/a/reports", as: fixture.agent, body: report
                    )
                    #expect(try answer.decoded(AgentWire.Reported.self).sequence == 1)
                }
                let shown = try await fixture.send(.get, "/v1/orders/\(order.id)", as: fixture.tenant)
                #expect(try shown.decoded(OrderView.self).counts.instances.ready == 1)
            }
        }
    }

    @Test("an order for an image that does not exist ends its stream, and shows the problem with the field named")
    func missingImage() async throws {
        try await Fixture.with(settings: Self.wakeOnly) { fixture in
            try await fixture.whileWorking {
                let order = try await fixture.order(2)
                #expect(order.problem == nil)
                async let stream = fixture.send(.get, "/v1/orders/\(order.id)/events", as: fixture.tenant)
                for site in Set(order.plan.groups.map(\.site)) {
                    let poll = "/agent/v1/sites/\(site)/assignments?wait=30"
                    let told = try await fixture.send(.get, poll, as: fixture.agent)
                        .decoded(AgentWire.Assignments.self).assignments
                    let failures = told.map { told in
                        AgentWire.Observation(
                            instance: told.instance, epoch: told.epoch, state: .failed, at: told.startAt,
                            message: "no such image", code: "image-not-found"
                        )
                    }
                    let report = AgentWire.Report(sequence: 1, observations: failures)
                    let body = String(decoding: try JSONText.bytes(report), as: UTF8.self)
                    _ = try await fixture.send(
                        .post, "/agent/v1/sites/\(site)/reports", as: fixture.agent, body: body)
                }
                #expect(try await stream.text.contains(#""state":"settled""#))
                let shown = try await fixture.send(.get, "/v1/orders/\(order.id)", as: fixture.tenant)
                let error = FieldError(pointer: "/spec/image", code: .imageNotFound, detail: "no such image")
                let problem = Problem(
                    .invalidOrder, detail: "the order was given up: no such image", errors: [error])
                let view = try shown.decoded(OrderView.self)
                #expect(view.problem == problem)
                #expect(view.counts.refused == 2)
                #expect(view.price.amountMicro == 0)
                let schema = try #require(Schema(document: fixture.server.document.root))
                let flaws = schema.flaws(of: try shown.decoded(JSONValue.self), as: "OrderView")
                #expect(flaws == [])
            }
        }
    }

    @Test("a failure code that the centre does not know is any failure, and the report is taken")
    func unknownCode() async throws {
        try await Fixture.with { fixture in
            let report = #"""
                { "sequence": 1, "observations": [ { "instance": "i-1", "epoch": 1, "state": "failed",
                  "at": "2026-06-17T12:00:01Z", "code": "of-tomorrow" } ] }
                """#
            let answer = try await fixture.send(.post, "/agent/v1/sites/a/reports", as: fixture.agent, body: report)
            #expect(try answer.decoded(AgentWire.Reported.self).sequence == 1)
        }
    }

    @Test("a failure's text is taken in whatever characters it is cut, and holds up no report")
    func longMessage() async throws {
        try await Fixture.with(settings: Self.wakeOnly) { fixture in
            try await fixture.whileWorking {
                async let poll = fixture.send(.get, "/agent/v1/sites/a/assignments?wait=30", as: fixture.agent)
                let order = try await fixture.order(48)
                let told = try #require(try await poll.decoded(AgentWire.Assignments.self).assignments.first)
                let text = "xx" + String(repeating: "\u{4E2D}", count: 400)
                let failure = AgentWire.Observation(
                    instance: told.instance, epoch: told.epoch, state: .failed, at: told.startAt, message: text
                )
                let report = AgentWire.Report(sequence: 1, observations: [failure])
                let body = String(decoding: try JSONText.bytes(report), as: UTF8.self)
                let answer = try await fixture.send(.post, "/agent/v1/sites/a/reports", as: fixture.agent, body: body)
                #expect(try answer.decoded(AgentWire.Reported.self).sequence == 1)
                let path = "/v1/orders/\(order.id)/instances"
                let page = try await fixture.send(.get, path, as: fixture.tenant).decoded(Page<InstanceView>.self)
                let kept = page.items.first { $0.id == told.instance }?.message
                #expect(kept == String(text.prefix(342)))
            }
        }
    }

    @Test("an order that would wait behind as many as may is refused with the field and the limit named")
    func fullList() async throws {
        try await Fixture.with { fixture in
            _ = try await fixture.order(48)
            func order(_ fulfilment: String) async throws -> TestResponse {
                let body = Fixture.body(2).replacing(
                    #""count""#, with: #""fulfilment": { "policy": "bestEffort", \#(fulfilment) }, "count""#)
                return try await fixture.send(.post, "/v1/orders", as: fixture.tenant, body: body)
            }
            let waits = try await order(#""topUp": true"#)
            #expect(waits.status == .created)
            let ahead = try waits.decoded(OrderView.self)
            #expect(ahead.counts.waiting == 2)
            let id = try #require(OrderID(text: ahead.id)).rawValue
            try await fixture.store.pool.copyWaitingOrder(id, Store.waitingLimit - 1)

            let refused = try await order(#""topUp": true"#)
            #expect(refused.status == .conflict)
            let problem = try refused.problem
            #expect(problem.type == .insufficientCapacity)
            #expect(problem.errors?.map(\.pointer) == ["/fulfilment/topUp"])
            #expect(problem.errors?.map(\.code) == [.waitingListFull])
            #expect(problem.errors?.first?.detail.contains("4096 orders wait") == true)
            let schema = try #require(Schema(document: fixture.server.document.root))
            #expect(schema.flaws(of: try refused.decoded(JSONValue.self), as: "Problem") == [])
            let impatient = try await order(#""topUp": false"#).problem
            #expect(impatient.type == .insufficientCapacity && impatient.errors == nil, "it would not wait")
        }
    }

    @Test("an inventory is answered with what should not be running")
    func inventory() async throws {
        try await Fixture.with { fixture in
            let response = try await fixture.send(
                .post, "/agent/v1/sites/a/inventory", as: fixture.agent, body: #"{ "instances": ["i-999", "nginx"] }"#
            )
            #expect(try response.decoded(AgentWire.Inventory.self).instances == ["i-999", "nginx"])
        }
    }

    @Test("events come until the order is settled, and a reader who comes back gets the rest only")
    func events() async throws {
        try await Fixture.with(settings: Self.wakeOnly) { fixture in
            let order = try await fixture.order(4, window: try await fixture.laterWindow())
            let path = "/v1/orders/\(order.id)"
            try await fixture.whileWorking {
                async let stream = fixture.send(.get, path + "/events", as: fixture.tenant)
                let cancelled = try await fixture.send(.post, path + ":cancel", as: fixture.tenant)
                #expect(cancelled.status == .ok)
                let response = try await stream
                #expect(response.headers[.contentType] == "text/event-stream")
                let all = response.text.split(separator: "\n\n").filter { $0.hasPrefix("id: ") }
                #expect(all.first?.hasPrefix("id: 1\n") == true)
                #expect(all.last?.contains(#""state":"settled""#) == true)

                let rest = try await fixture.send(
                    .get, path + "/events", as: fixture.tenant, headers: [.lastEventID: "2"]
                )
                #expect(rest.text.split(separator: "\n\n").map(String.init) == all.dropFirst(2).map(String.init))
                let none = try await fixture.send(
                    .get, path + "/events", as: fixture.tenant, headers: [.lastEventID: "\(all.count)"]
                )
                #expect(none.text.isEmpty)
                let wrong = try await fixture.send(
                    .get, path + "/events", as: fixture.tenant, headers: [.lastEventID: "last"]
                )
                #expect(wrong.status == .unprocessableContent)
            }
        }
    }
}
