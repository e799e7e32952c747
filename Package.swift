// swift-tools-version: 6.2
import PackageDescription

/// Rooms that open a door to C, and those that read bytes from outside through pointers, mark each unsafe expression.
let fenced: [SwiftSetting] = [.strictMemorySafety()]

/// Rooms on the way of a hit or of a miss do without the dynamic checks of exclusive access in release builds, where they are a tenth
/// of its instructions. What they check holds on every path that the tests take: debug and sanitized builds keep them.
let hot: [SwiftSetting] = [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

let package = Package(
    name: "tollgate",
    products: [],
    dependencies: [
        // Commands, options and their help texts; imported by the programs only.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        // The logging API of the ecosystem, for the process log; imported by Observability.
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        // SQLite with migrations and a tested concurrency story; imported by Storage. Its GRDBSQLite is the door to
        // SQLite's own interface, which statements of every request go through.
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibevent", pkgConfig: "libevent_core", providers: [.apt(["libevent-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        // The rooms in the order in which they may import one another, which README shows: upwards only.
        .target(name: "Vocabulary", swiftSettings: fenced + hot),
        .target(name: "Cryptography", dependencies: ["COpenSSL", "Vocabulary"], swiftSettings: fenced + hot),
        .target(name: "JSON", dependencies: ["Vocabulary"], swiftSettings: fenced + hot),
        .target(name: "Metrics", dependencies: ["Vocabulary"], swiftSettings: hot),
        .target(name: "EventLoops", dependencies: ["CLibevent", "Metrics", "Vocabulary"], swiftSettings: fenced + hot),
        .target(
            name: "Observability",
            dependencies: [
                "EventLoops", "JSON", "Metrics", "Vocabulary", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: hot
        ),
        .target(
            name: "Transport",
            dependencies: ["CLibevent", "COpenSSL", "EventLoops", "Vocabulary"],
            swiftSettings: fenced + hot
        ),
        .target(
            name: "Supervision",
            dependencies: ["EventLoops", "Transport", "Vocabulary"],
            swiftSettings: fenced
        ),
        .target(name: "HTTPMessages", dependencies: ["Vocabulary"], swiftSettings: fenced + hot),
        .target(name: "Calling", dependencies: ["EventLoops", "HTTPMessages", "Transport", "Vocabulary"]),
        .target(
            name: "Serving",
            dependencies: ["EventLoops", "HTTPMessages", "Transport", "Vocabulary"],
            swiftSettings: hot
        ),
        .target(name: "ContentCodings", dependencies: ["CZlib"], swiftSettings: fenced),
        .target(name: "Authentication", dependencies: ["Cryptography", "Vocabulary"], swiftSettings: hot),
        .target(name: "Keying", dependencies: ["Cryptography", "JSON", "Vocabulary"], swiftSettings: fenced + hot),
        .target(name: "Caching", dependencies: ["HTTPMessages", "Vocabulary"], swiftSettings: hot),
        .target(name: "Coalescing", dependencies: ["Vocabulary"], swiftSettings: hot),
        .target(name: "UpstreamKeys", dependencies: ["Vocabulary"], swiftSettings: hot),
        .target(name: "Budgeting", dependencies: ["Vocabulary"], swiftSettings: hot),
        .target(name: "Reporting", dependencies: ["Budgeting", "JSON", "Vocabulary"], swiftSettings: hot),
        .target(
            name: "Alerting",
            dependencies: ["Budgeting", "Cryptography", "JSON", "Reporting", "UpstreamKeys", "Vocabulary"]
        ),
        .target(name: "Forms", dependencies: ["JSON", "Observability", "Vocabulary"]),
        .target(
            name: "Registry",
            dependencies: [
                "Authentication", "Budgeting", "Cryptography", "Forms", "JSON", "UpstreamKeys", "Vocabulary",
            ]
        ),
        .target(
            name: "Upstream",
            dependencies: [
                "ContentCodings", "EventLoops", "HTTPMessages", "JSON", "Metrics", "Observability", "Transport",
                "UpstreamKeys", "Vocabulary",
            ],
            swiftSettings: hot
        ),
        .target(
            name: "PostgreSQL",
            dependencies: ["CPostgreSQL", "EventLoops", "Vocabulary"],
            swiftSettings: fenced
        ),
        .target(
            name: "Storage",
            dependencies: [
                "Alerting", "Authentication", "Budgeting", "CSQLite", "Caching", "Cryptography", "EventLoops",
                "Metrics", "PostgreSQL", "Registry", "Reporting", "UpstreamKeys", "Vocabulary",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: fenced + hot
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "Authentication", "Budgeting", "Caching", "Coalescing", "Cryptography", "EventLoops", "HTTPMessages",
                "JSON", "Keying", "Metrics", "Observability", "Reporting", "Serving", "Transport", "Upstream",
                "UpstreamKeys", "Vocabulary",
            ],
            swiftSettings: hot
        ),
        // A room of its own: its files take seconds to compile, and change more rarely than what stands around them.
        .target(name: "Dashboard", resources: [.embedInCode("Page")]),
        .target(
            name: "Administration",
            dependencies: [
                "Alerting", "Authentication", "Budgeting", "Caching", "Calling", "Cryptography", "Dashboard",
                "EventLoops", "Forms", "Gateway", "HTTPMessages", "JSON", "Keying", "Metrics", "Observability",
                "Registry", "Reporting", "Serving", "Transport", "UpstreamKeys", "Vocabulary",
            ]
        ),
        .target(
            name: "Configuration",
            dependencies: [
                "Administration", "Alerting", "Budgeting", "Cryptography", "EventLoops", "Forms", "Gateway",
                "HTTPMessages", "JSON",
                "Registry", "Transport", "Upstream", "UpstreamKeys", "Vocabulary",
            ]
        ),
        .target(
            name: "VendorSimulation",
            dependencies: [
                "ContentCodings", "EventLoops", "HTTPMessages", "JSON", "Serving", "Transport", "Vocabulary",
            ]
        ),
        .target(
            name: "AdminClient",
            dependencies: [
                "Calling", "Configuration", "EventLoops", "Forms", "HTTPMessages", "JSON", "Transport", "Vocabulary",
            ]
        ),
        .executableTarget(
            name: "tollgate",
            dependencies: [
                "AdminClient", "Administration", "Budgeting", "Caching", "Calling", "Configuration", "Cryptography",
                "EventLoops", "Forms", "Gateway", "JSON", "Keying", "Metrics", "Observability", "Registry", "Storage",
                "Supervision", "Transport", "UpstreamKeys", "VendorSimulation", "Vocabulary",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .executableTarget(
            name: "vendor-sim",
            dependencies: [
                "EventLoops", "Transport", "VendorSimulation", "Vocabulary",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),

        // What tests of several rooms need: processes, raw connections, certificates, seeds, hostile bodies. Nothing of
        // Sources depends on it.
        .target(name: "TestSupport", dependencies: ["Vocabulary"], path: "Tests/TestSupport"),
        // Second, naive readings that tests hold the rooms against. They share no code with what they judge.
        .target(name: "Oracles", dependencies: ["TestSupport"], path: "Tests/Oracles"),
        // Times the reading of bodies of every hostile shape; deploy/test holds it to a limit.
        .executableTarget(
            name: "hostile-bodies",
            dependencies: [
                "Cryptography", "Keying", "TestSupport", "Vocabulary",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Tests/Benchmarks/hostile-bodies"
        ),
        // Reads the documents and the comments that cite them.
        .testTarget(name: "DocumentTests"),
        .testTarget(name: "VocabularyTests", dependencies: ["TestSupport", "Vocabulary"]),
        .testTarget(name: "MetricsTests", dependencies: ["Metrics", "Vocabulary"]),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography", "TestSupport", "Vocabulary"]),
        .testTarget(name: "AuthenticationTests", dependencies: ["Authentication", "TestSupport", "Vocabulary"]),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport", "Vocabulary"]),
        .testTarget(
            name: "KeyingTests",
            dependencies: ["Cryptography", "JSON", "Keying", "Oracles", "TestSupport", "Vocabulary"]
        ),
        .testTarget(name: "CachingTests", dependencies: ["Caching", "HTTPMessages", "TestSupport", "Vocabulary"]),
        .testTarget(name: "CoalescingTests", dependencies: ["Coalescing", "TestSupport", "Vocabulary"]),
        .testTarget(name: "UpstreamKeysTests", dependencies: ["TestSupport", "UpstreamKeys", "Vocabulary"]),
        .testTarget(name: "BudgetingTests", dependencies: ["Budgeting", "TestSupport", "Vocabulary"]),
        // The protocol of several nodes on one database, as a model (docs/nodes.md).
        .testTarget(name: "NodeModelTests", dependencies: ["Budgeting", "Vocabulary"]),
        .testTarget(
            name: "AlertingTests",
            dependencies: ["Alerting", "Budgeting", "JSON", "Reporting", "TestSupport", "UpstreamKeys", "Vocabulary"]
        ),
        .testTarget(name: "ReportingTests", dependencies: ["Budgeting", "Reporting", "TestSupport", "Vocabulary"]),
        .testTarget(name: "HTTPMessagesTests", dependencies: ["HTTPMessages", "TestSupport", "Vocabulary"]),
        .testTarget(
            name: "ServingTests",
            dependencies: ["EventLoops", "HTTPMessages", "Serving", "TestSupport", "Transport", "Vocabulary"]
        ),
        .testTarget(name: "ContentCodingsTests", dependencies: ["ContentCodings", "TestSupport"]),
        .testTarget(name: "FormsTests", dependencies: ["Forms"]),
        .testTarget(
            name: "RegistryTests",
            dependencies: [
                "Authentication", "Budgeting", "Cryptography", "Forms", "JSON", "Registry", "TestSupport",
                "UpstreamKeys", "Vocabulary",
            ]
        ),
        .testTarget(
            name: "AdministrationTests",
            dependencies: [
                "Administration", "Alerting", "Authentication", "Budgeting", "Caching", "Cryptography", "Dashboard",
                "EventLoops", "Forms", "Gateway", "HTTPMessages", "JSON", "Registry", "Reporting", "Storage",
                "TestSupport", "Transport", "Upstream", "UpstreamKeys", "Vocabulary",
            ]
        ),
        .testTarget(
            name: "ConfigurationTests",
            dependencies: [
                "Budgeting", "Configuration", "Cryptography", "Forms", "Gateway", "JSON", "Registry", "TestSupport",
                "Transport", "Upstream", "UpstreamKeys", "Vocabulary",
            ]
        ),
        .testTarget(
            name: "PostgreSQLTests",
            dependencies: ["EventLoops", "PostgreSQL", "TestSupport", "Vocabulary"]
        ),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Alerting", "Authentication", "Budgeting", "Caching", "Cryptography", "EventLoops", "PostgreSQL",
                "Registry", "Reporting", "Storage", "TestSupport", "Vocabulary",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"]
        ),
        .testTarget(
            name: "UpstreamTests",
            dependencies: [
                "ContentCodings", "EventLoops", "HTTPMessages", "TestSupport", "Transport", "Upstream", "UpstreamKeys",
                "Vocabulary",
            ]
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Authentication", "Budgeting", "Caching", "Coalescing", "Cryptography", "EventLoops", "Gateway",
                "HTTPMessages", "JSON", "Keying", "Observability", "Storage", "TestSupport", "Transport", "Upstream",
                "UpstreamKeys", "Vocabulary",
            ]
        ),
        // What decides about credits, answers and keys, moved together by one seed (docs/simulation.md).
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "Authentication", "Budgeting", "Caching", "Coalescing", "Cryptography", "Gateway", "HTTPMessages",
                "Keying", "Reporting", "TestSupport", "Transport", "Upstream", "UpstreamKeys", "Vocabulary",
            ],
            exclude: ["run"]
        ),
        .testTarget(name: "EventLoopsTests", dependencies: ["EventLoops", "TestSupport", "Vocabulary"]),
        .testTarget(
            name: "ObservabilityTests",
            dependencies: [
                "Observability", "TestSupport", "Vocabulary", .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "TransportTests",
            dependencies: ["COpenSSL", "EventLoops", "TestSupport", "Transport", "Vocabulary"]
        ),
        .testTarget(
            name: "SupervisionTests",
            dependencies: ["EventLoops", "Supervision", "TestSupport", "Transport", "Vocabulary"]
        ),
        .testTarget(
            name: "VendorSimulationTests",
            dependencies: ["TestSupport", "Transport", "VendorSimulation", "Vocabulary"]
        ),
        .testTarget(
            name: "AdminClientTests",
            dependencies: ["AdminClient", "Calling", "Forms", "JSON", "TestSupport", "Vocabulary"]
        ),
        .testTarget(
            name: "TollgateTests",
            dependencies: ["AdminClient", "Budgeting", "Forms", "JSON", "TestSupport", "Vocabulary", "tollgate"]
        ),
        // What the fuzzers hold, for their seeds (docs/fuzzing.md).
        .testTarget(
            name: "FuzzingTests",
            dependencies: [
                "Administration", "Budgeting", "Caching", "Configuration", "ContentCodings", "Cryptography", "Forms",
                "Gateway", "HTTPMessages", "JSON", "Keying", "Oracles", "PostgreSQL", "Registry", "Reporting",
                "TestSupport", "Transport", "Upstream", "UpstreamKeys", "Vocabulary",
            ],
            exclude: ["Program"]
        ),
        // Reads the sources, of which it needs none to be built.
        .testTarget(name: "ArchitectureTests"),
        .testTarget(name: "EndToEndTests", dependencies: ["TestSupport", "tollgate", "vendor-sim"]),
    ],
    swiftLanguageModes: [.v6]
)

// The fuzzers (Tests/Fuzzing/run): the targets of FuzzingTests with a main of their own. It needs libFuzzer, and sees of the
// rooms what tests see, so that no other build has it.
if Context.environment["TOLLGATE_FUZZING"] != nil {
    let tests = package.targets.first { $0.name == "FuzzingTests" }
    package.targets.removeAll { $0.type == .test }
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: tests?.dependencies ?? [],
            path: "Tests/FuzzingTests",
            exclude: ["AnsweringServerTests.swift", "SeedTests.swift"]
        )
    )
}

// What the thread sanitizer is for concerns some of the tests only, and building the others takes minutes (deploy/test).
if let names = Context.environment["TOLLGATE_TEST_TARGETS"]?.split(separator: " ").map(String.init) {
    package.targets.removeAll { $0.type == .test && !names.contains($0.name) }
}
