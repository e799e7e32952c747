import Vocabulary

/// A sorted set of key identifiers, ordered by text.
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

    /// The identifiers after a text; all for nil.
    func behind(_ cursor: String?) -> ArraySlice<TeamKeyID> {
        guard let cursor else { return ids[...] }
        return ids[firstIndex { $0 > cursor }...]
    }

    /// The first index whose text satisfies `isBeyond`, as all later ones do; the end index if there is none.
    private func firstIndex(_ isBeyond: (String) -> Bool) -> Int {
        var (low, high) = (ids.startIndex, ids.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isBeyond(ids[middle].rawValue) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
