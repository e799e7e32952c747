import EventLoops
import Vocabulary

/// Looks at the other nodes every 2 s, and ends what dead ones left. Confined to the writer's thread.
///
/// Each time it does one thing: a node is declared dead, or a part of what one left is ended. While there is more it is
/// due again at once, behind whatever else is due.
final class NodeSweepDuty: NodeDuty {
    static let interval = Duration.seconds(2)
    /// How often a start tries what another node is in the way of.
    private static let failuresMax = 20

    private(set) var dueAt = SystemClock.sinceBoot()
    private let sweep: NodeSweep
    private let onNews: @Sendable (NodeNews) -> Void
    private var gazette = NodeGazette()
    private var judge = NodeJudge(joinedAt: SystemClock.sinceBoot())
    /// What was made unconfirmed of a dead node so far.
    private var unconfirmed: (node: Int64, count: Int)?

    /// - Parameter onNews: called on the writer's thread.
    init(_ sweep: NodeSweep, onNews: @escaping @Sendable (NodeNews) -> Void) {
        self.sweep = sweep
        self.onNews = onNews
    }

    func perform(on connection: StoreConnection) throws {
        let now = SystemClock.sinceBoot()
        dueAt = now + Self.interval
        let sight = try sweep.look()
        let mayJudge = judge.look(at: SystemClock.sinceBoot())
        try tell(sight.survey)
        tellUnconfirmed(besides: sight.remains)
        if let overdue = sight.survey.overdue, mayJudge {
            dueAt = now
            if try sweep.declareDead(overdue) { onNews(.dead(overdue.record)) }
        } else if let dead = sight.remains {
            let count = try sweep.clear(dead)
            unconfirmed = (dead, count + (unconfirmed?.count ?? 0))
            dueAt = now
        } else if sweep.standing.isFirst {
            try sweep.removeLandings()
        }
    }

    /// Does all that is due, for a process that starts. What other nodes are in the way of, and what waits for purges,
    /// is left for later.
    ///
    /// - Returns: how many reservations are unconfirmed now that were open, and whether no other node lives.
    static func sweepAll(
        _ sweep: NodeSweep,
        onNews: (NodeNews) -> Void
    ) throws -> (unconfirmed: Int, isAlone: Bool) {
        var (count, failures) = (0, 0)
        while true {
            let sight = try sweep.look()
            do {
                if let overdue = sight.survey.overdue {
                    if try sweep.declareDead(overdue) { onNews(.dead(overdue.record)) }
                } else if let dead = sight.remains {
                    count += try sweep.clear(dead)
                } else {
                    return (count, sight.survey.isAlone)
                }
            } catch {
                failures += 1
                let isOverloaded = (error as? StoreFault)?.code == .overloaded
                guard isOverloaded || PostgreSQLBase.isInTheWay(error) else { throw error }
                if isOverloaded || failures >= failuresMax { return (count, false) }
            }
        }
    }

    private func tell(_ survey: NodeSurvey) throws {
        let digest = sweep.standing.configurationDigest ?? survey.ownDigest
        let news = gazette.news(
            survey,
            digest: digest,
            clockError: sweep.standing.clockError,
            unknownSchema: sweep.standing.unknownSchema
        )
        for each in news { onNews(each) }
        if let digest, digest != survey.ownDigest { try sweep.tell(digest) }
    }

    private func tellUnconfirmed(besides remains: Int64?) {
        guard let (node, count) = unconfirmed, node != remains else { return }
        unconfirmed = nil
        if count > 0 { onNews(.unconfirmed(count: count, node: Int(node))) }
    }
}
