import CapacityAPI
import CapacityModel
import CapacityStore
import Delivery
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JobQueue
import Logging
import NIOCore
import Postgres
import TestSupport

@testable import OrderService

/// The service on a fresh database, with a small fleet, two tenants, an operator and an agent.
struct Fixture: Sendable {
    let client: any TestClientProtocol
    let server: OrderServer
    let hub: Hub
    let store: Store
    let planner: Planner
    let bell: Bell
    let tenant: String
    let stranger: String
    let operatorKey: String
    let agent: String

    /// Three sites of two hosts with 8 cores each.
    static let fleet = """
        site,host,province,city,carrier,origin,vcpu_milli,memory_mib,disk_gib,bandwidth_mbps,gpu_model,gpu_count,capabilities
        a,a-1,11,1101,telecom,self,8000,16384,100,1000,,0,local-disk
        a,a-2,11,1101,telecom,self,8000,16384,100,1000,,0,local-disk
        b,b-1,31,3101,unicom,self,8000,16384,100,1000,,0,
        b,b-2,31,3101,unicom,self,8000,16384,100,1000,,0,
        c,c-1,44,4403,mobile,self,8000,16384,100,1000,,0,
        c,c-2,44,4403,mobile,self,8000,16384,100,1000,,0,

        """

    static func with(
        settings: ServerSettings = ServerSettings(),
        _ body: @Sendable (Fixture) async throws -> Void
    ) async throws {
        let pool = FreshDatabase.current.pool
        let store = Store(pool: pool)
        let planner = Planner(store: store)
        let bell = Bell(pool: pool)
        let hub = Hub()
        let server = try server(store, planner, bell, hub, settings)
        let tenant = try await store.createKey(KeyRequest(role: .tenant, tenant: "load-test")).text
        let stranger = try await store.createKey(KeyRequest(role: .tenant, tenant: "stranger")).text
        let operatorKey = try await store.createKey(KeyRequest(role: .operator, tenant: nil)).text
        let agent = try await store.createKey(KeyRequest(role: .agent, tenant: nil)).text
        try await server.application(address: .hostname("127.0.0.1", port: 0)).test(.router) { client in
            let fixture = Fixture(
                client: client, server: server, hub: hub, store: store, planner: planner, bell: bell, tenant: tenant,
                stranger: stranger, operatorKey: operatorKey, agent: agent
            )
            let imported = try await fixture.send(
                .post, "/v1/sites", as: operatorKey, body: fleet, type: "text/csv"
            )
            guard imported.status == .ok else { throw Unexpected(imported) }
            try await body(fixture)
        }
    }

    private static func server(
        _ store: Store, _ planner: Planner, _ bell: Bell, _ hub: Hub, _ settings: ServerSettings
    ) throws -> OrderServer {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let reports = ReportDesk(store: store, bell: bell)
        return try OrderServer(
            store: store,
            desk: OrderDesk(store: store, planner: planner, bell: bell, logger: logger),
            hub: hub,
            readiness: Readiness(pool: store.pool, migrator: nil),
            registry: MetricRegistry(),
            logger: logger,
            settings: settings
        ) { try await reports.absorb($0) }
    }

    /// The service, while its database is away.
    static func withoutDatabase(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let pool = Pool(Configuration(conninfo: "host=/nowhere"), size: 1)
        let store = Store(pool: pool)
        let server = try server(store, Planner(store: store), Bell(pool: pool), Hub(), ServerSettings())
        try await server.application(address: .hostname("127.0.0.1", port: 0)).test(.router) { try await body($0) }
        await pool.shutdown()
    }

    struct Unexpected: Error {
        let answer: String
        init(_ response: TestResponse) { answer = "\(response.status) \(String(buffer: response.body))" }
    }

    func send(
        _ method: HTTPRequest.Method,
        _ uri: String,
        as key: String? = nil,
        headers: HTTPFields = [:],
        body: String? = nil,
        type: String = "application/json"
    ) async throws -> TestResponse {
        var headers = headers
        if let key { headers[.authorization] = "Bearer \(key)" }
        if body != nil { headers[.contentType] = type }
        return try await client.execute(
            uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
        )
    }

    /// An order that is held, made by the tenant.
    func order(_ count: Int, window: String = #"{ "duration": "PT1H" }"#) async throws -> OrderView {
        let response = try await send(.post, "/v1/orders", as: tenant, body: Fixture.body(count, window: window))
        guard response.status == .created else { throw Unexpected(response) }
        return try response.decoded(OrderView.self)
    }

    static func body(_ count: Int, window: String = #"{ "duration": "PT1H" }"#) -> String {
        """
        { "spec": { "vcpu": 1, "memoryMiB": 1024, "image": "muster.local/probe:1" },
          "count": \(count), "window": \(window) }
        """
    }

    static func reservation(_ count: Int) -> String {
        #"{ "spec": { "vcpu": 1, "memoryMiB": 1024 }, "count": \#(count) }"#
    }

    /// A window that opens on a day far enough away for nothing to be handed over, by the database's clock.
    func laterWindow() async throws -> String {
        let start = (try await store.now() + .seconds(86_400)).wholeSecond
        return #"{ "start": "\#(start)", "duration": "PT1H" }"#
    }

    /// Runs `body` while jobs are worked on and the hub listens, as `musterd all` does.
    func whileWorking(_ body: @Sendable () async throws -> Void) async throws {
        let configuration = FreshDatabase.current.configuration
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let worker = DeliveryWorker(
            name: "test", store: store, planner: planner, bell: bell, listener: configuration, concurrency: 2,
            logger: logger
        )
        let listening = HubListening(hub, configuration: configuration, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await worker.run() }
            group.addTask { try await listening.run() }
            group.addTask { try await bell.run() }
            try await body()
            group.cancelAll()
            // They end by cancellation, which is how they were asked to.
            while let result = await group.nextResult() { _ = result }
        }
    }
}

extension TestResponse {
    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body.readableBytesView))
    }

    var problem: Problem {
        get throws { try decoded(Problem.self) }
    }

    var text: String { String(buffer: body) }
}
