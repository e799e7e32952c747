import Vocabulary

/// What the rows of `nodes` mean to one of the nodes. Pure.
struct NodeSurvey {
    struct Row {
        let record: NodeRecord
        let incarnation: Int64
        /// In microseconds, how long its lease goes on; less than 0 for how long it is over.
        let leaseLeft: Int64
    }

    /// In order of their numbers.
    let rows: [Row]
    /// The number of the node that looks.
    let number: Int

    var records: [NodeRecord] { rows.map(\.record) }

    /// The node to be declared dead: of those that are over, the one that has been so longest. A node that looks does
    /// not judge itself: its next transaction tells.
    var overdue: Row? {
        rows.filter { $0.record.state != .dead && $0.record.number != number && $0.leaseLeft < 0 }
            .min { ($0.leaseLeft, $0.record.number) < ($1.leaseLeft, $1.record.number) }
    }

    /// Whether no other node lives.
    var isAlone: Bool { rows.allSatisfy { $0.record.state == .dead || $0.record.number == number } }

    /// What others are told of this one's configuration.
    var ownDigest: Digest? { rows.first { $0.record.number == number }?.record.configurationDigest }
}

/// Something about the nodes of a database that operators should know.
public enum NodeNews: Sendable, Equatable {
    /// A node whose lease was over was declared dead here.
    case dead(NodeRecord)
    /// What it left reserved is unconfirmed now.
    case unconfirmed(count: Int, node: Int)
    /// A live node has another configuration file than this one.
    case differs(NodeRecord)
    /// This machine's clock is ahead of the database's by so much that the node is not ready, or behind it when
    /// negative.
    case clockWrong(Duration)
    case clockRight
    /// The database asks for a program that knows this schema, which is newer than this one's, so that the node is not
    /// ready.
    case schemaUnknown(Int64)
    case schemaKnown
}

/// Which news of the nodes were told, so that each is told once. Pure.
struct NodeGazette {
    /// The nodes whose configuration was told to differ, each with the one that it has.
    private var differing: [Int: Digest] = [:]
    private var isClockWrong = false
    private var isSchemaUnknown = false

    /// - Parameters:
    ///   - digest: of this node's configuration.
    ///   - clockError: by how much too much this clock is ahead.
    ///   - unknownSchema: the schema that the database asks for, if this program does not know it.
    mutating func news(
        _ survey: NodeSurvey,
        digest: Digest?,
        clockError: Duration?,
        unknownSchema: Int64?
    ) -> [NodeNews] {
        var news: [NodeNews] = []
        var still: [Int: Digest] = [:]
        for record in survey.records where record.state != .dead && record.number != survey.number {
            guard let digest, record.configurationDigest != digest else { continue }
            still[record.number] = record.configurationDigest
            if differing[record.number] != record.configurationDigest { news.append(.differs(record)) }
        }
        differing = still
        if let clockError, !isClockWrong { news.append(.clockWrong(clockError)) }
        if clockError == nil, isClockWrong { news.append(.clockRight) }
        isClockWrong = clockError != nil
        if let unknownSchema, !isSchemaUnknown { news.append(.schemaUnknown(unknownSchema)) }
        if unknownSchema == nil, isSchemaUnknown { news.append(.schemaKnown) }
        isSchemaUnknown = unknownSchema != nil
        return news
    }
}
