import Vocabulary

/// Identifiers of keys in the order of their texts, each once.
struct SortedKeys: Sendable {
    private(set) var ids: [TeamKeyID]

    init(_ ids: [TeamKeyID]) {
        self.ids = Set(ids).sorted { $0.rawValue < $1.rawValue }
    }

    mutating func insert(_ id: TeamKeyID) {
        let place = firstIndex { $0 >= id.rawValue }
        if place < ids.endIndex, ids[place] == id { return }
        ids.insert(id, at: place)
    }

    /// Those that come after a text; all without one.
    func behind(_ cursor: String?) -> ArraySlice<TeamKeyID> {
        guard let cursor else { return ids[...] }
        return ids[firstIndex { $0 > cursor }...]
    }

    /// The first place from which on all texts are `isBeyond`; the end when there is none.
    private func firstIndex(_ isBeyond: (String) -> Bool) -> Int {
        var (low, high) = (ids.startIndex, ids.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(ids[middle].rawValue) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
