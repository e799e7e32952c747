import Authentication
import Metrics
import Upstream
import UpstreamKeys
import Vocabulary

/// The figures of all workers, and what bounds the labels of them. Guarded.
///
/// A worker writes its own figures, without a lock where a hit is counted; a scrape adds them up.
final class GatewayMetrics: Sendable {
    /// How many teams have figures of their own.
    static let teamsMax = 1_000
    /// How many names of routes there are beside `RouteName`: as many as may be in `passthrough.spending`, and those of
    /// earlier configurations.
    static let spendingRoutesMax = 64

    /// The names of routes that are always there, by their numbers.
    enum RouteName: String, CaseIterable {
        case other, classify, passthrough, usage, health
        /// A saved classifier's question, cached or not; the name that the route has in `passthrough.spending`.
        case classifier = "POST /v1/classifiers/{id}/classify"

        var number: Int { Self.allCases.firstIndex(of: self)! }
    }

    /// Teams get a name as they are met: those of the start in the order of their identifiers.
    let teams = BoundedNames(namesMax: GatewayMetrics.teamsMax)
    let routes: BoundedNames
    /// What operators have resolved, by the number of the team: it is spent then.
    let resolved = CounterTable<Int>()
    /// Of the loop that the admin side is on.
    let mainLoopLag = Histogram(.short)
    private let state = Guarded(State())

    private struct State {
        var workers: [WorkerMetrics] = []
        /// What the teams are called that exist now, by their numbers.
        var teamNames: [Int: (id: TeamID, name: String)] = [:]
    }

    init(_ teams: [Team]) {
        let names = RouteName.allCases.dropFirst().map(\.rawValue)
        routes = BoundedNames(namesMax: names.count + Self.spendingRoutesMax)
        for name in names { _ = routes.number(of: name) }
        replace(teams)
    }

    /// The teams that exist now.
    func replace(_ teams: [Team]) {
        var names: [Int: (TeamID, String)] = [:]
        for team in teams {
            let number = self.teams.number(of: team.id.rawValue)
            if number != 0 { names[number] = (team.id, team.name) }
        }
        state.withLock { $0.teamNames = names }
    }

    /// The figures of a worker that begins.
    func addWorker(_ index: Int, _ upstream: UpstreamMetrics) -> WorkerMetrics {
        let worker = WorkerMetrics(index, upstream, self)
        state.withLock { $0.workers.append(worker) }
        return worker
    }

    var workers: [WorkerMetrics] { state.withLock { $0.workers } }

    /// The teams that exist now and have figures of their own, in the order of their numbers.
    var namedTeams: [(id: TeamID, name: String)] {
        let names = state.withLock { $0.teamNames }
        return names.sorted { $0.key < $1.key }.map(\.value)
    }
}

/// The figures of one worker. Guarded: which teams are counted; the figures themselves are atomic or guarded. The
/// worker writes, any thread reads.
final class WorkerMetrics: Sendable {
    let index: Int
    let upstream: UpstreamMetrics
    let loopLag = Histogram(.short)
    /// Results that were stored.
    let stored = Counter()
    /// Errors that the gateway made.
    let errors = CounterTable<ErrorCode>()
    /// Requests without a valid key.
    let strangers = TeamCounts()
    private let shared: GatewayMetrics
    private let counts = Guarded<[Int: TeamCounts]>([:])

    init(_ index: Int, _ upstream: UpstreamMetrics, _ shared: GatewayMetrics) {
        (self.index, self.upstream, self.shared) = (index, upstream, shared)
    }

    /// The counts of a team on this worker: those of its own, or of all the teams without a name.
    func counts(of team: TeamID) -> TeamCounts {
        let number = shared.teams.number(of: team.rawValue)
        return counts.withLock { counts in
            if let known = counts[number] { return known }
            let new = TeamCounts()
            counts[number] = new
            return new
        }
    }

    /// By the numbers of the teams.
    var teams: [Int: TeamCounts] { counts.withLock { $0 } }

    /// Counts a request that is no usual hit.
    ///
    /// - Parameters:
    ///   - exchange: passed whole, since its facts would be copied.
    ///   - spendingRoute: the name of the route in `passthrough.spending`, if the request is of one.
    ///   - saved: what the vendor would have charged.
    func count(
        _ exchange: Exchange,
        status: Int,
        _ source: RequestKind.Source,
        spendingRoute: String? = nil,
        saved: MicroCredits = .zero
    ) {
        let kind = RequestKind(
            route: spendingRoute.map { shared.routes.number(of: $0) } ?? exchange.facts.route.metricsName.number,
            status: StatusLabel(status),
            source: source
        )
        (exchange.facts.caller?.counts ?? strangers).add(kind, saved: saved)
    }
}

extension Route? {
    fileprivate var metricsName: GatewayMetrics.RouteName {
        switch self {
        case .classify: .classify
        case .classifier: .classifier
        case .passthrough: .passthrough
        case .usage: .usage
        case .health, .readiness: .health
        case nil: .other
        }
    }
}
