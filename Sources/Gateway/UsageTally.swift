import Authentication
import Budgeting
import Vocabulary

/// The counts of one key's requests since the last report, by model. Confined to its worker.
final class UsageTally {
    /// The outcome of a request that is no hit.
    enum Kind { case collapsed, miss, denied }

    let team: TeamID
    let key: TeamKeyID
    private var rows: [(model: String, counts: UsageCounts)] = []
    /// The forwarded and collapsed requests in `rows` by document. Hits are not counted by document: each would cost a
    /// look-up.
    private var documents: [String: UsageCounts] = [:]
    /// Hits of the current model, the usual case; added to `rows` when these are taken or another model has a hit.
    private var hitModel = ""
    private var hits: Int64 = 0
    private var hitsSaved = MicroCredits.zero

    init(_ key: TeamKey) {
        team = key.team.id
        self.key = key.id
    }

    /// Whether there is nothing to report.
    private(set) var isEmpty = true

    /// Counts a hit.
    ///
    /// - Parameter saved: what the vendor would have charged.
    func addHit(model: String, saved: MicroCredits) {
        if model != hitModel || isEmpty {
            keepHits()
            hitModel = model
            isEmpty = false
        }
        hits += 1
        hitsSaved = hitsSaved.saturatingAdd(saved)
    }

    private func keepHits() {
        guard hits > 0 else { return }
        let index = row(of: hitModel)
        rows[index].counts.hits += hits
        rows[index].counts.saved = rows[index].counts.saved.saturatingAdd(hitsSaved)
        hits = 0
        hitsSaved = .zero
    }

    /// Counts a request that is no hit.
    ///
    /// - Parameters:
    ///   - model: nil if it was not forwarded; otherwise clients could create rows of any name at no cost.
    ///   - document: nil if it was not forwarded, for the same reason.
    func add(_ kind: Kind, model: String?, document: String? = nil, saved: MicroCredits = .zero) {
        isEmpty = false
        var counts = UsageCounts()
        switch kind {
        case .collapsed: counts.collapsed = 1
        case .miss: counts.misses = 1
        case .denied: counts.denied = 1
        }
        counts.saved = saved
        rows[row(of: model ?? UsageRow.otherModels)].counts.add(counts)
        guard let document, documents.count < DocumentUsage.documentsMax || documents[document] != nil else { return }
        documents[document, default: UsageCounts()].add(counts)
    }

    /// Notes that the key was used, whatever the outcome of the request.
    func touch() { isEmpty = false }

    /// Takes the counts by document, as of `day`. They are a part of those that `take` gives, which must follow.
    func takeDocuments(day: BudgetDay) -> [DocumentUsage] {
        if documents.isEmpty { return [] }
        defer { documents = [:] }
        return documents.map { DocumentUsage(day: day, documentID: $0, counts: $1) }
    }

    /// Takes the counts as rows of `day`, and starts over.
    func take(day: BudgetDay) -> [UsageRow] {
        keepHits()
        defer {
            rows.removeAll(keepingCapacity: true)
            isEmpty = true
        }
        return rows.map { UsageRow(day: day, team: team, key: key, model: $0.model, counts: $0.counts) }
    }

    private func row(of model: String) -> Int {
        if let index = rows.firstIndex(where: { $0.model == model }) { return index }
        if rows.count >= UsageRow.modelsMax, model != UsageRow.otherModels { return row(of: UsageRow.otherModels) }
        rows.append((model, UsageCounts()))
        return rows.count - 1
    }
}
