import Vocabulary

/// When a request was last let out with each upstream key, and which of these moments the store does not have yet.
/// Pure.
///
/// By identifier: another secret, another account and an absence of a key change nothing, unless it is forgotten
/// meanwhile.
struct KeyUses: Sendable {
    private struct Use: Sendable {
        let key: UpstreamKeyID
        var moment: Timestamp
        var isUnsaved: Bool
    }

    /// Each key once.
    private var uses: [Use] = []
    private var indices: [UpstreamKeyID: Int] = [:]
    /// Of the last one that was noted: keys take turns, so the next use is of this key or of the one after it, mostly.
    private var last = 0

    subscript(key: UpstreamKeyID) -> Timestamp? { indices[key].map { uses[$0].moment } }

    /// A request is let out with the key. A clock that was set back leaves the later moment.
    mutating func note(_ key: UpstreamKeyID, at moment: Timestamp) {
        guard let index = find(key) else { return add(key, moment, isUnsaved: true) }
        last = index
        if uses[index].moment >= moment { return }
        uses[index].moment = moment
        uses[index].isUnsaved = true
    }

    private func find(_ key: UpstreamKeyID) -> Int? {
        if last < uses.count, uses[last].key == key { return last }
        if last + 1 < uses.count, uses[last + 1].key == key { return last + 1 }
        return indices[key]
    }

    private mutating func add(_ key: UpstreamKeyID, _ moment: Timestamp, isUnsaved: Bool) {
        indices[key] = uses.count
        uses.append(Use(key: key, moment: moment, isUnsaved: isUnsaved))
    }

    /// Takes what the store has.
    mutating func restore(_ stored: [UpstreamKeyID: Timestamp]) {
        for (key, moment) in stored {
            if let index = indices[key] {
                uses[index].moment = max(uses[index].moment, moment)
            } else {
                add(key, moment, isUnsaved: false)
            }
        }
    }

    /// Forgets all keys but these.
    mutating func keep(_ keys: Set<UpstreamKeyID>) {
        let kept = uses.filter { keys.contains($0.key) }
        (uses, indices, last) = ([], [:], 0)
        for use in kept { add(use.key, use.moment, isUnsaved: use.isUnsaved) }
    }

    /// The moments that changed since the last call, to be stored.
    mutating func takeUnsaved() -> [UpstreamKeyID: Timestamp] {
        var unsaved: [UpstreamKeyID: Timestamp] = [:]
        for index in uses.indices where uses[index].isUnsaved {
            unsaved[uses[index].key] = uses[index].moment
            uses[index].isUnsaved = false
        }
        return unsaved
    }
}
