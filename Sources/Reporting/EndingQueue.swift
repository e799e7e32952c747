import Budgeting
import Vocabulary

/// The endings that a replay has still to come to, the earliest first: a binary heap. Pure.
///
/// As long as the number of reservations that were open at one time.
struct EndingQueue {
    struct Entry {
        let at: Timestamp
        let reservation: Reservation
        let outcome: ReservationEnding.Outcome
    }

    private var entries: [Entry] = []

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var index = entries.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            if entries[parent].at <= entries[index].at { return }
            entries.swapAt(parent, index)
            index = parent
        }
    }

    /// Takes the earliest one, unless it lies after `moment`.
    mutating func take(until moment: Timestamp) -> Entry? {
        guard let first = entries.first, first.at <= moment else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return first }
        entries[0] = last
        sink()
        return first
    }

    private mutating func sink() {
        var index = 0
        while true {
            var earliest = index
            for child in [2 * index + 1, 2 * index + 2] where child < entries.count {
                if entries[child].at < entries[earliest].at { earliest = child }
            }
            if earliest == index { return }
            entries.swapAt(earliest, index)
            index = earliest
        }
    }
}
