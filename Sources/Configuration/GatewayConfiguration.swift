public import Budgeting
public import Registry
public import Transport
public import Vocabulary

/// The configuration file as values: `docs/settings.md`. Immutable; what the file leaves out has its default.
public struct GatewayConfiguration: Sendable, Equatable {
    public var listen = Listen()
    public var admin = Admin()
    public var upstream = Upstream()
    public var passthrough = Passthrough()
    public var cache = Cache()
    public var store = Store()
    public var budgets = Budgets()
    public var teams: [TeamEntry] = []
    public var alerts: Alerts?
    public var log = Log()
    public var secrets = Secrets()
    /// What is in order but deserves a look; each line begins with the member's path.
    public var warnings: [String] = []
    /// Teams whose account no key of the file has: a key of the store may have it.
    public var accountsElsewhere: [AccountElsewhere] = []
    /// Nil when it was not read from a file.
    public var origin: ConfigurationOrigin?

    public init() {}

    public struct Listen: Sendable, Equatable {
        public var address = ListenAddress(host: "127.0.0.1", port: 8080)
        /// 0 for one per core.
        public var workers = 0
        public var tls: TLS?
        public var headerBytesMax = 16 << 10
        public var bodyBytesMax = 1 << 20
        public var connectionsMax = 20_000
        public var headerTimeout = Duration.seconds(10)
        public var bodyTimeout = Duration.seconds(30)
        public var idleTimeout = Duration.seconds(75)
        public var drainTimeout = Duration.seconds(30)
        public var drainDelay = Duration.zero
    }

    /// What a listener proves itself with, as it was read.
    public struct TLS: Sendable, Equatable {
        public var certificate: PEMText
        public var privateKey: PEMText
        public var clientAuthorities: PEMText?
    }

    public struct Admin: Sendable, Equatable {
        public var address = ListenAddress(host: "127.0.0.1", port: 9090)
        public var hosts: [String] = []
        public var tls: TLS?
        public var tokens: [Token] = []
    }

    public struct Token: Sendable, Equatable {
        public enum Role: String, Sendable, CaseIterable { case viewer, `operator`, admin }
        public var name = ""
        public var role = Role.viewer
        public var secret = Secret(bytes: [])
    }

    public struct Upstream: Sendable, Equatable {
        public var baseURL: BaseURL?
        /// The authorities that the vendor's certificate may come from, instead of the system's roots.
        public var authorities: PEMText?
        public var keys: [UpstreamKeyEntry] = []
        public var connectTimeout = Duration.seconds(5)
        public var responseTimeout = Duration.seconds(120)
        public var idleTimeout = Duration.seconds(20)
        public var responseBytesMax = 8 << 20
        public var concurrencyMax = 64
        public var queueMax = 1_000
        public var queueTimeout = Duration.seconds(30)
        public var creditsPerPage: [String: MicroCredits] = [
            "gpt-4o-mini": MicroCredits(micros: 1_000_000), "gpt-4o": MicroCredits(micros: 1_000_000),
        ]
        public var assumedPages = 10
        public var breakerFailures = 5
        public var breakerWindow = Duration.seconds(10)
        public var breakerOpenFor = Duration.seconds(5)
    }

    public struct UpstreamKeyEntry: Sendable, Equatable {
        public var id = ""
        public var account = "default"
        public var terms = UpstreamKeyTerms()
        public var secret = Secret(bytes: [])
    }

    public struct Passthrough: Sendable, Equatable {
        public var isEnabled = true
        public var prefixes = ["/v1/", "/files"]
        public var bodyBytesMax = 100 << 20
        public var spending = [
            SpendingRoute(method: "GET", path: "/v1/documents/{id}/run_parser"),
            SpendingRoute(method: "POST", path: "/v1/classifiers/{id}/classify"),
        ]
    }

    public struct SpendingRoute: Sendable, Equatable {
        public var method = ""
        public var path = ""
    }

    public struct Cache: Sendable, Equatable {
        public enum SchemaOrder: String, Sendable, CaseIterable { case insignificant, significant }
        public enum HitCredits: String, Sendable, CaseIterable { case original, zero }
        public var ttl = Duration.seconds(30 * 86_400)
        public var memoryBytesMax = 256 << 20
        public var scope = CacheScope.organization
        public var schemaOrder = SchemaOrder.insignificant
        public var staleIfError = Duration.zero
        public var negativeTTL = Duration.zero
        public var classifierTTL = Duration.zero
        public var hitCreditsUsed = HitCredits.original
    }

    public struct Store: Sendable, Equatable {
        public var url = "sqlite:tollgate.db"
        public var password: Secret?
        public var migrates = true
        public var staleFor = Duration.seconds(60)
        /// Nil keeps every row of the ledger.
        public var ledgerRetention: Duration?
    }

    public struct Budgets: Sendable, Equatable {
        public var timeZone = "UTC"
        public var exceededStatus = 402
        public var organization: [Budget] = []
    }

    public struct TeamEntry: Sendable, Equatable {
        public var record: TeamRecord
        public var keys: [TeamKeyEntry] = []
    }

    public struct TeamKeyEntry: Sendable, Equatable {
        public var id = ""
        public var secret = Secret(bytes: [])
        public var notAfter: Timestamp?
        public var budgets: [Budget] = []
    }

    public struct Alerts: Sendable, Equatable {
        public var webhookURL = ""
        public var secret = Secret(bytes: [])
        public var expiryNotice = Duration.seconds(7 * 86_400)
        /// In millionths.
        public var unconfirmedShare: Int64 = 50_000
        /// In millionths.
        public var driftShare: Int64 = 10_000
    }

    public struct Log: Sendable, Equatable {
        public enum Level: String, Sendable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }
        public enum Format: String, Sendable, CaseIterable { case json, text }
        public var level = Level.info
        public var format = Format.json
        public var access = true
        /// How many of a million hits have a line.
        public var accessSample: Int64 = 1_000_000
    }

    public struct Secrets: Sendable, Equatable {
        /// How often the files that are named are looked at; nil for never.
        public var reloadInterval: Duration?
    }
}
