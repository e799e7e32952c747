import Vocabulary

/// When a request was last let out with each upstream key, and which of these moments the store does not have yet. Pure.
///
/// By identifier: another secret, another account and an absence of a key change nothing, unless it is forgotten meanwhile.
struct KeyUses: Sendable {
    private var moments: [UpstreamKeyID: Timestamp] = [:]
    private var unsaved: Set<UpstreamKeyID> = []

    subscript(key: UpstreamKeyID) -> Timestamp? { moments[key] }

    /// A request is let out with the key. A clock that was set back leaves the later moment.
    mutating func note(_ key: UpstreamKeyID, at moment: Timestamp) {
        if let known = moments[key], known >= moment { return }
        moments[key] = moment
        unsaved.insert(key)
    }

    /// Takes what the store has.
    mutating func restore(_ uses: [UpstreamKeyID: Timestamp]) { moments.merge(uses) { max($0, $1) } }

    /// Forgets all keys but these.
    mutating func keep(_ keys: Set<UpstreamKeyID>) {
        moments = moments.filter { keys.contains($0.key) }
        unsaved.formIntersection(keys)
    }

    /// The moments that changed since the last call, to be stored.
    mutating func takeUnsaved() -> [UpstreamKeyID: Timestamp] {
        defer { unsaved.removeAll() }
        return moments.filter { unsaved.contains($0.key) }
    }
}
