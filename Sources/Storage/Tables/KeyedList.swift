/// Values by key, in the order of the keys: what is gathered in it is written in that order. For the few hundred keys
/// of a group, of which most have one: then a hash table would cost more than the search.
struct KeyedList<Key: Comparable, Value> {
    private(set) var entries: [(key: Key, value: Value)] = []

    var isEmpty: Bool { entries.isEmpty }

    /// Nil where the key has none.
    subscript(key: Key) -> Value? {
        let place = place(of: key)
        return has(key, at: place) ? entries[place].value : nil
    }

    mutating func set(_ value: Value, for key: Key) { change(key, or: value) { $0 = value } }

    /// Changes the value of a key, which gets the other one if it has none.
    mutating func change(_ key: Key, or other: @autoclosure () -> Value, _ change: (inout Value) -> Void) {
        // Equal keys mostly come one after the other.
        if let last = entries.indices.last, entries[last].key == key { return change(&entries[last].value) }
        let place = place(of: key)
        if has(key, at: place) {
            change(&entries[place].value)
        } else {
            entries.insert((key, other()), at: place)
        }
    }

    private func has(_ key: Key, at place: Int) -> Bool { place < entries.count && entries[place].key == key }

    /// Where the key is, or would be.
    private func place(of key: Key) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
