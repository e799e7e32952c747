public import Authentication
public import Budgeting
import Caching
public import HTTPMessages
public import Keying
public import Transport
public import Upstream
public import UpstreamKeys
public import Vocabulary

/// The settings that a reload may change, read once per request. Immutable; replaced whole.
public struct GatewaySettings: Sendable {
    public var headLimits: HeadLimits
    /// The maximum body of a classify request, in bytes of content.
    public var bodyBytesMax: Int
    public var passthrough: PassthroughSettings
    /// The maximum number of client connections over all workers.
    public var connectionsMax: Int
    /// The time from the first byte of a head to its last; further bytes do not extend it.
    public var headerTimeout: Duration
    /// The maximum time without progress of a body, or of a reply that the client does not read.
    public var bodyTimeout: Duration
    /// The time between two requests of a connection.
    public var idleTimeout: Duration
    public var cache: CacheSettings
    public var teams: TeamDirectory
    public var budgets: BudgetPlan
    /// The status of `budget_exceeded`, 402 by default.
    public var budgetExceededStatus: Int
    public var upstream: UpstreamSettings
    /// The keys of all accounts at the vendor, in the configuration's order.
    public var upstreamKeys: [UpstreamKey]
    /// Nil for a vendor reached without TLS.
    public var upstreamTLS: TLSClientContext?
    /// Nil for a listener without TLS.
    public var listenerTLS: TLSServerContext?
    public var logsAccess: Bool
    /// How many of a million hits have a line in the access log; all other requests have one.
    public var accessSample: Int64
    /// SHA-256 of the admin side's tokens, which no log line may contain.
    public var adminTokenDigests: Set<Digest>

    public init(
        headLimits: HeadLimits,
        bodyBytesMax: Int,
        passthrough: PassthroughSettings = .off,
        connectionsMax: Int,
        headerTimeout: Duration,
        bodyTimeout: Duration,
        idleTimeout: Duration,
        cache: CacheSettings,
        teams: TeamDirectory,
        budgets: BudgetPlan,
        budgetExceededStatus: Int,
        upstream: UpstreamSettings,
        upstreamKeys: [UpstreamKey],
        upstreamTLS: TLSClientContext?,
        listenerTLS: TLSServerContext?,
        logsAccess: Bool,
        accessSample: Int64 = 1_000_000,
        adminTokenDigests: Set<Digest> = []
    ) {
        self.headLimits = headLimits
        self.bodyBytesMax = bodyBytesMax
        self.passthrough = passthrough
        self.connectionsMax = connectionsMax
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
        self.idleTimeout = idleTimeout
        self.cache = cache
        self.teams = teams
        self.budgets = budgets
        self.budgetExceededStatus = budgetExceededStatus
        self.upstream = upstream
        self.upstreamKeys = upstreamKeys
        self.upstreamTLS = upstreamTLS
        self.listenerTLS = listenerTLS
        self.logsAccess = logsAccess
        self.accessSample = accessSample
        self.adminTokenDigests = adminTokenDigests
    }
}

/// The cache settings that a reload may change.
public struct CacheSettings: Sendable, Equatable {
    /// The freshness lifetime of a completed result (RFC 9111 §4.2.1).
    public let timeToLive: Duration
    /// How long past its lifetime a result may replace a failure of the vendor; zero turns this off.
    public var staleIfError: Duration
    /// The freshness lifetime of a 400 or 404 of the vendor; zero turns storing them off.
    public let negativeTimeToLive: Duration
    /// The freshness lifetime of a completed result of a saved classifier; zero turns caching them off.
    public let classifierTimeToLive: Duration
    private let timeToLiveMicroseconds, negativeTimeToLiveMicroseconds, classifierTimeToLiveMicroseconds: Int64
    public var schemaOrder: SchemaOrder
    /// Whether `credits_used` is 0 in a reply from the cache.
    public var hitsReportZeroCredits: Bool
    /// The maximum memory for results, in bytes.
    public var memoryBytesMax: Int

    public init(
        timeToLive: Duration,
        staleIfError: Duration,
        negativeTimeToLive: Duration,
        classifierTimeToLive: Duration = .zero,
        schemaOrder: SchemaOrder,
        hitsReportZeroCredits: Bool,
        memoryBytesMax: Int
    ) {
        self.timeToLive = timeToLive
        timeToLiveMicroseconds = timeToLive.wholeNanoseconds / 1_000
        negativeTimeToLiveMicroseconds = negativeTimeToLive.wholeNanoseconds / 1_000
        classifierTimeToLiveMicroseconds = classifierTimeToLive.wholeNanoseconds / 1_000
        self.staleIfError = staleIfError
        self.negativeTimeToLive = negativeTimeToLive
        self.classifierTimeToLive = classifierTimeToLive
        self.schemaOrder = schemaOrder
        self.hitsReportZeroCredits = hitsReportZeroCredits
        self.memoryBytesMax = memoryBytesMax
    }

    /// The freshness lifetime of a stored result, in microseconds.
    func lifetimeMicroseconds(of result: CachedResult) -> Int64 {
        lifetimeMicroseconds(ofStatus: result.status, isOfClassifier: result.classifier != nil)
    }

    /// The freshness lifetime of a result with this status, in microseconds.
    func lifetimeMicroseconds(ofStatus status: UInt16, isOfClassifier: Bool) -> Int64 {
        guard status == 200 else { return negativeTimeToLiveMicroseconds }
        return isOfClassifier ? classifierTimeToLiveMicroseconds : timeToLiveMicroseconds
    }

    /// Whether results of saved classifiers are cached.
    var keepsClassifiers: Bool { classifierTimeToLive > .zero }

    /// Whether a reply of the vendor with this status, other than a completed 200, is kept.
    func keepsNegative(_ status: Int) -> Bool { (status == 400 || status == 404) && negativeTimeToLive > .zero }
}
