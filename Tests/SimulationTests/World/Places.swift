import Authentication
import Budgeting
import Caching
import Cryptography
import HTTPMessages
import Keying
import Upstream
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// Who and what there is in each run: few of everything, so that requests meet.
enum Places {
    static let accounts = ["default", "other"].map(AccountID.init(rawValue:))
    /// Two teams share an account and its results, and the second has few places; the third has both for itself.
    static let teams: [Team] = [
        Team(id: TeamID(rawValue: "a"), name: "A", account: accounts[0], cacheScopeIsTeam: false),
        Team(
            id: TeamID(rawValue: "b"),
            name: "B",
            account: accounts[0],
            cacheScopeIsTeam: false,
            limits: TeamLimits(concurrencyMax: placesOfB)
        ),
        Team(id: TeamID(rawValue: "c"), name: "C", account: accounts[1], cacheScopeIsTeam: true),
    ]
    static let placesOfB = 6

    static let keys: [TeamKey] = [("a-0", 0), ("a-1", 0), ("b-0", 1), ("c-0", 2)].map { name, team in
        TeamKey(id: TeamKeyID(rawValue: name), team: teams[team], secretDigest: digest(name), notAfter: nil)
    }

    static let upstreamKeyIDs = ["u-0", "u-1", "v-0"].map(UpstreamKeyID.init(rawValue:))

    /// - Parameter rotation: another one means other secrets.
    static func upstreamKeys(rotation: Int) -> [UpstreamKey] {
        upstreamKeyIDs.enumerated().map { number, id in
            let secret = "secret of \(id.rawValue), \(rotation)"
            return UpstreamKey(
                id: id,
                account: accounts[number / 2],
                secret: Array(secret.utf8),
                secretDigest: digest(secret)
            )
        }
    }

    static func digest(_ text: String) -> Digest { SHA256Hasher().digest(Array(text.utf8)) }

    // MARK: Scopes

    static let scopes: [BudgetScope] =
        [.organization] + teams.map { .team($0.id) } + keys.map { .key($0.id) }
        + upstreamKeyIDs.map { .upstreamKey($0) }
    private static let numbers = Dictionary(uniqueKeysWithValues: scopes.enumerated().map { ($1, $0) })

    static func number(of scope: BudgetScope) -> Int { numbers[scope]! }

    /// A budget, apart from the product's type.
    struct Limit {
        let scope: BudgetScope
        let window: BudgetWindow
        let credits: Int
        var isEnforced = true
        /// A millionth less, by which the last request must not fit that otherwise would.
        var isShort = false

        var micros: Int { credits * 1_000_000 - (isShort ? 1 : 0) }
    }

    /// The configurations that a reload chooses from.
    static let plans: [(zone: Zone, limits: [Limit])] = [
        (
            .zurich,
            [
                Limit(scope: .organization, window: .month, credits: 900),
                Limit(scope: .team(teams[0].id), window: .day, credits: 90, isShort: true),
                Limit(scope: .team(teams[0].id), window: .month, credits: 400),
                Limit(scope: .team(teams[1].id), window: .week, credits: 150, isShort: true),
                Limit(scope: .team(teams[1].id), window: .day, credits: 20, isEnforced: false),
                Limit(scope: .team(teams[2].id), window: .total, credits: 500),
                Limit(scope: .key(keys[1].id), window: .day, credits: 30),
                Limit(scope: .upstreamKey(upstreamKeyIDs[1]), window: .month, credits: 150),
            ]
        ),
        (
            .utc,
            [
                Limit(scope: .organization, window: .day, credits: 150, isShort: true),
                Limit(scope: .team(teams[0].id), window: .week, credits: 100),
                Limit(scope: .team(teams[1].id), window: .day, credits: 40, isShort: true),
                Limit(scope: .key(keys[2].id), window: .month, credits: 200),
                Limit(scope: .upstreamKey(upstreamKeyIDs[0]), window: .month, credits: 80, isShort: true),
                Limit(scope: .upstreamKey(upstreamKeyIDs[1]), window: .month, credits: 80),
            ]
        ),
        (.zurich, [Limit(scope: .team(teams[0].id), window: .day, credits: 60, isShort: true)]),
    ]

    static func budgetPlan(_ number: Int) -> BudgetPlan {
        var plan = BudgetPlan(
            timeZone: plans[number].zone.rawValue,
            creditsPerPage: [
                "gpt-4o-mini": MicroCredits(micros: 1_000_000), "gpt-4o": MicroCredits(micros: 2_000_000),
            ],
            assumedPages: 5
        )
        for limit in plans[number].limits {
            let credits = MicroCredits(micros: Int64(limit.micros))
            let budget = Budget(window: limit.window, limit: credits, isEnforced: limit.isEnforced)
            switch limit.scope {
            case .organization: plan.organization.append(budget)
            case .team(let team): plan.teams[team, default: []].append(budget)
            case .key(let key): plan.keys[key, default: []].append(budget)
            case .upstreamKey(let key): plan.upstreamKeys[key] = credits
            }
        }
        return plan
    }

    // MARK: Questions

    struct Question {
        let document: Int
        let request: ClassifyRequest
        let labels: [[UInt8]]
        /// What the vendor charges for a page, in credits.
        let pagePrice: Int
        let pages: Int
    }

    static let documents = (0..<6).map { "0b13c9f2-5148-4ffb-bb7b-00000000000\($0)" }

    /// Two about each document: two pages of it, and all of it with a dearer model.
    static let questions: [Question] = documents.indices.flatMap { document in
        [(#","page_range":"1-2","query_model":"gpt-4o-mini""#, 1, 2), (#","query_model":"gpt-4o""#, 2, document + 1)]
            .map { extra, price, pages in
                let categories = #"[{"label":"invoice","description":"a"},{"label":"letter","description":"b"}]"#
                let body = #"{"document_id":"\#(documents[document])","classification_schema":\#(categories)\#(extra)}"#
                guard let request = try? ClassifyReader().read(Array(body.utf8).span, schemaOrder: .insignificant)
                else {
                    preconditionFailure("a question that is none")
                }
                return Question(
                    document: document,
                    request: request,
                    labels: request.labels,
                    pagePrice: price,
                    pages: pages
                )
            }
    }

    /// By team and question.
    private static let cacheKeys: [[CacheKey]] = teams.map { team in
        let scope = KeyScope(account: team.account, team: team.cacheScopeIsTeam ? team.id : nil)
        return questions.map { $0.request.key(in: scope, with: SHA256Hasher()) }
    }
    private static let fingerprints: [[Fingerprint]] = teams.map { team in
        let scope = KeyScope(account: team.account, team: team.cacheScopeIsTeam ? team.id : nil)
        let hash = scope.bodyHash(secret: Array("the secret of the process".utf8))
        return questions.map { $0.request.canonical }.map { hash.fingerprint($0.span) }
    }

    static func team(ofKey key: Int) -> Int { [0, 0, 1, 2][key] }
    static func cacheKey(_ question: Int, key: Int) -> CacheKey { cacheKeys[team(ofKey: key)][question] }
    static func fingerprint(_ question: Int, key: Int) -> Fingerprint { fingerprints[team(ofKey: key)][question] }

    // MARK: Settings

    static let cache = CacheSettings(
        timeToLive: .seconds(3_600),
        staleIfError: .seconds(86_400),
        negativeTimeToLive: .seconds(60),
        schemaOrder: .insignificant,
        hitsReportZeroCredits: false,
        memoryBytesMax: 1 << 20
    )
    /// Few places, so that requests queue; the breaker opens soon.
    static let gateLimits = UpstreamGate.Limits(
        concurrencyMax: 5,
        queueMax: 12,
        breaker: CircuitBreaker.Settings(failures: 4, window: .seconds(60), openFor: .seconds(10))
    )
    static let queueTimeout = Duration.seconds(30)
    static let connectTimeout = Duration.seconds(5)
    static let responseTimeout = Duration.seconds(60)

    static let directives: [CacheDirectives] = [
        "", "", "", "", "no-cache", "no-store", "max-age=0", "max-age=600", "only-if-cached",
    ]
    .map { text in
        var directives = CacheDirectives()
        directives.add(fieldValue: Array(text.utf8).span)
        return directives
    }
}
