// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6, warnings are errors, imports are internal unless said otherwise.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// Code written by protoc-gen-swift is compiled as it comes.
let generated: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grpcCore = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcTransport = Target.Dependency.product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let metricsTesting = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "muster",
    products: [
        .library(name: "Postgres", targets: ["Postgres"]),
        .library(name: "JobQueue", targets: ["JobQueue"]),
        .library(name: "JobQueueTesting", targets: ["JobQueueTesting"]),
        .executable(name: "musterd", targets: ["musterd"]),
        .executable(name: "muster", targets: ["muster"]),
        .executable(name: "muster-agent", targets: ["muster-agent"]),
        .executable(name: "muster-bench", targets: ["muster-bench"]),
        // Loaded by programs of the tests, to give them a wrong clock.
        .library(name: "WrongClock", type: .dynamic, targets: ["CWrongClock"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // What: values of the field. Pure; they build in seconds.
        .target(name: "CapacityModel", swiftSettings: strict),
        .target(name: "Placement", dependencies: ["CapacityModel"], swiftSettings: strict),
        .target(name: "Metering", dependencies: ["CapacityModel"], swiftSettings: strict),

        // Where it is kept: libraries others may use, then every statement of the application.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "Postgres", dependencies: ["CLibPQ"], swiftSettings: strict),
        .target(
            name: "JobQueue",
            dependencies: ["Postgres", logging, metrics, lifecycle],
            swiftSettings: strict
        ),
        .target(name: "JobQueueTesting", dependencies: ["JobQueue", "Postgres"], swiftSettings: strict),
        .target(name: "CapacityStore", dependencies: ["CapacityModel", "Postgres"], swiftSettings: strict),

        // Who acts.
        .target(
            name: "Delivery",
            dependencies: [
                "CapacityModel", "Placement", "Metering", "JobQueue", "CapacityStore", "Postgres",
                logging, metrics, lifecycle,
            ],
            swiftSettings: strict
        ),
        .target(name: "CapacityAPI", dependencies: ["CapacityModel"], swiftSettings: strict),
        .target(
            name: "OrderService",
            dependencies: [
                "CapacityModel", "CapacityAPI", "CapacityStore", "Delivery", "JobQueue", "Metering", "Placement",
                "Postgres", coreMetrics, crypto, httpTypes, hummingbird, lifecycle, logging, metrics, nioCore,
            ],
            swiftSettings: strict
        ),

        // The far side.
        .target(
            name: "CRI",
            dependencies: [grpcCore, grpcTransport, grpcProtobuf, protobuf],
            exclude: ["runtime.proto"],
            swiftSettings: generated
        ),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(
            name: "SiteAgent",
            dependencies: [
                "CapacityModel", "CapacityAPI", "CRI", "CSQLite", asyncHTTPClient, lifecycle, logging, nioCore,
                nioHTTP1,
            ],
            swiftSettings: strict
        ),

        // The programs.
        .executableTarget(
            name: "musterd",
            dependencies: [
                "CapacityModel", "CapacityStore", "Delivery", "JobQueue", "OrderService", "Postgres", argumentParser,
                hummingbird, lifecycle, logging, metrics, unixSignals,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "muster",
            dependencies: [
                "CapacityModel", "CapacityAPI", "JobQueue", "Placement", "Postgres", argumentParser, asyncHTTPClient,
                nioCore, nioHTTP1, yams,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "muster-agent",
            dependencies: [
                "SiteAgent", "CapacityAPI", argumentParser, asyncHTTPClient, lifecycle, logging, unixSignals,
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "muster-bench",
            dependencies: [
                "CapacityModel", "CapacityAPI", "CapacityStore", "CRI", "Delivery", "JobQueue", "Placement", "Postgres",
                "SiteAgent", argumentParser, asyncHTTPClient, logging, nioCore, nioHTTP1,
            ],
            swiftSettings: strict
        ),
        // How somebody else's program uses the queue; it sees only what is public.
        .executableTarget(
            name: "queue-example",
            dependencies: ["JobQueue", "Postgres"],
            packageAccess: false,
            swiftSettings: strict
        ),

        // What tests stand on, and the tests.
        .target(name: "TestSupport", dependencies: ["Postgres"], swiftSettings: strict),
        .target(name: "CWrongClock"),
        .executableTarget(
            name: "queue-worker",
            dependencies: ["JobQueue", "Postgres", argumentParser, lifecycle, logging, unixSignals],
            swiftSettings: strict
        ),
        .testTarget(name: "CapacityModelTests", dependencies: ["CapacityModel"], swiftSettings: strict),
        .testTarget(
            name: "PlacementTests",
            dependencies: ["CapacityModel", "Placement"],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(name: "MeteringTests", dependencies: ["CapacityModel", "Metering"], swiftSettings: strict),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "JobQueueTests",
            dependencies: [
                "JobQueue", "JobQueueTesting", "Postgres", "TestSupport", lifecycle, logging, metrics, metricsTesting,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "QueueExampleTests",
            dependencies: ["queue-example", "Postgres", "TestSupport", subprocess],
            swiftSettings: strict
        ),
        .testTarget(
            name: "QueueFaultTests",
            dependencies: ["JobQueue", "Postgres", "TestSupport", "queue-worker", subprocess],
            swiftSettings: strict
        ),
        .testTarget(
            name: "CapacityStoreTests",
            dependencies: ["CapacityModel", "CapacityStore", "Metering", "Postgres", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DeliveryTests",
            dependencies: [
                "CapacityModel", "CapacityStore", "Delivery", "JobQueue", "Metering", "Placement", "Postgres",
                "TestSupport",
                lifecycle, logging,
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "CapacityAPITests", dependencies: ["CapacityModel", "CapacityAPI"], swiftSettings: strict),
        .testTarget(
            name: "OrderServiceTests",
            dependencies: [
                "CapacityModel", "CapacityAPI", "CapacityStore", "Delivery", "JobQueue", "OrderService", "Placement",
                "Postgres", "TestSupport", httpTypes, hummingbird, hummingbirdTesting, lifecycle, logging, nioCore,
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "CRITests", dependencies: ["CRI", "TestSupport"], swiftSettings: strict),
        .testTarget(
            name: "SiteAgentTests",
            dependencies: [
                "CapacityModel", "CapacityAPI", "CRI", "SiteAgent", "TestSupport", asyncHTTPClient, lifecycle, logging,
                nioCore,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "musterTests",
            dependencies: [
                "muster", "CapacityModel", "CapacityAPI", "JobQueue", "Placement", "Postgres", "TestSupport",
                argumentParser,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ScenarioTests",
            dependencies: [
                "CapacityModel", "CapacityAPI", "Placement", "Postgres", "TestSupport", "musterd", "muster-agent",
                asyncHTTPClient, nioCore, nioHTTP1, subprocess,
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ]
)
