internal import Reporting
import Vocabulary

/// Adds up the roll-ups of many days by document, and chooses those that cost most. Pure.
///
/// A report reads hundreds of thousands of rows, so this is a hash table of its own: places of documents in `sums`,
/// found by open addressing. Clients choose the identifiers, so the hash depends on a seed that they do not know.
struct DocumentSums {
    private var sums: [(document: PackedDocument, counts: SpendCounts)] = []
    /// What is counted for none.
    private var rest = SpendCounts()
    /// Places in `sums` plus 1; 0 is free. A power of two of them, at most half in use.
    private var places = [UInt32](repeating: 0, count: 1_024)
    private let seed: UInt64

    init(seed: UInt64 = .random(in: 0 ... .max)) { self.seed = seed }

    /// - Parameter document: nil for what is counted for none.
    mutating func add(_ counts: SpendCounts, about document: PackedDocument?) {
        guard let document else { return rest.add(counts) }
        var slot = slot(of: document)
        while places[slot] != 0 {
            let place = Int(places[slot]) - 1
            if sums[place].document == document { return sums[place].counts.add(counts) }
            slot = (slot + 1) & (places.count - 1)
        }
        sums.append((document, counts))
        places[slot] = UInt32(sums.count)
        if sums.count > places.count / 2 { grow() }
    }

    private mutating func grow() {
        places = [UInt32](repeating: 0, count: 4 * places.count)
        for place in sums.indices {
            var slot = slot(of: sums[place].document)
            while places[slot] != 0 { slot = (slot + 1) & (places.count - 1) }
            places[slot] = UInt32(place + 1)
        }
    }

    /// Folded 128-bit products, as in wyhash.
    private func slot(of document: PackedDocument) -> Int {
        let first = (document.high ^ seed).multipliedFullWidth(by: document.low ^ 0x9E37_79B9_7F4A_7C15)
        let second = (first.high ^ first.low ^ seed).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return Int(truncatingIfNeeded: second.high ^ second.low) & (places.count - 1)
    }

    /// The documents that cost most, unconfirmed credits included, in no order; the last item has what is left, and no
    /// name. Of documents that cost the same, those that were added first come first.
    func items(atMost count: Int) -> [SpendReport.Item] {
        var (items, rest) = ([SpendReport.Item](), rest)
        let costs = sums.map { $0.counts.spent.saturatingAdd($0.counts.unconfirmed).micros }
        let least = Self.value(ofRank: count, in: costs)
        var room = count - costs.count { $0 > least }
        for (place, cost) in costs.enumerated() {
            let isNamed = cost > least || (cost == least && room > 0)
            if cost == least { room -= 1 }
            if isNamed {
                items.append(SpendReport.Item(name: sums[place].document.text, counts: sums[place].counts))
            } else {
                rest.add(sums[place].counts)
            }
        }
        if rest != SpendCounts() { items.append(SpendReport.Item(name: nil, counts: rest)) }
        return items
    }

    /// The value that so many are at least, the greatest possible; the least number if there are not so many. Takes
    /// linear time (quickselect, with equal values together).
    private static func value(ofRank rank: Int, in values: [Int64]) -> Int64 {
        guard rank > 0 else { return .max }
        guard rank <= values.count else { return .min }
        var (values, rank) = (values, rank)
        while true {
            let pivot = values[values.count / 2]
            let greater = values.filter { $0 > pivot }
            if rank <= greater.count {
                values = greater
                continue
            }
            let equal = values.count { $0 == pivot }
            if rank <= greater.count + equal { return pivot }
            values = values.filter { $0 < pivot }
            rank -= greater.count + equal
        }
    }
}
