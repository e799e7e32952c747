internal import Reporting
import Vocabulary

/// Adds up the roll-ups of many days by document, and chooses those that cost most. Pure.
struct DocumentSums {
    private var named: [PackedDocument: SpendCounts] = [:]
    private var rest = SpendCounts()

    /// - Parameter document: nil for what is counted for none.
    mutating func add(_ counts: SpendCounts, about document: PackedDocument?) {
        if let document { named[document, default: SpendCounts()].add(counts) } else { rest.add(counts) }
    }

    /// The documents that cost most, unconfirmed credits included, in no order; the last item has what is left, and no
    /// name. Of documents that cost the same, those with lesser identifiers come first.
    func items(atMost count: Int) -> [SpendReport.Item] {
        var (items, rest) = ([SpendReport.Item](), rest)
        let least = leastCost(ofTop: count)
        var equal: [(document: PackedDocument, counts: SpendCounts)] = []
        for (document, counts) in named {
            let cost = Self.cost(counts)
            if cost > least {
                items.append(SpendReport.Item(name: document.text, counts: counts))
            } else if cost == least {
                equal.append((document, counts))
            } else {
                rest.add(counts)
            }
        }
        equal.sort { $0.document < $1.document }
        let room = max(0, count - items.count)
        items += equal.prefix(room).map { SpendReport.Item(name: $0.document.text, counts: $0.counts) }
        for (_, counts) in equal.dropFirst(room) { rest.add(counts) }
        if rest != SpendCounts() { items.append(SpendReport.Item(name: nil, counts: rest)) }
        return items
    }

    /// What the last of so many documents costs, most expensive first.
    private func leastCost(ofTop count: Int) -> Int64 {
        guard named.count > count else { return .min }
        guard count > 0 else { return .max }
        let costs = named.values.map(Self.cost).sorted()
        return costs[costs.count - count]
    }

    private static func cost(_ counts: SpendCounts) -> Int64 {
        counts.spent.saturatingAdd(counts.unconfirmed).micros
    }
}
