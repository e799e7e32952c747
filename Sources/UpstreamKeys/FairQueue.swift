import Vocabulary

/// A queue that serves teams in turn. Within a team the order is first in, first out; a team waits for at most one
/// element of each other team, however many those have queued. Pure.
///
/// A round robin with equal weights: a team's `max_concurrency` already bounds what it has under way.
struct FairQueue<Element> {
    private var lines: [TeamID: ArraySlice<Element>] = [:]
    /// The teams with elements here, each once; the first one's turn is next.
    private var order: [TeamID] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element, of team: TeamID) {
        count += 1
        if lines[team] == nil { order.append(team) }
        lines[team, default: []].append(element)
    }

    /// Removes the next element that is ready. A team without a ready element keeps its turn.
    mutating func take(where isReady: (Element) -> Bool) -> Element? {
        for turn in order.indices {
            let team = order[turn]
            guard let index = lines[team]?.firstIndex(where: isReady) else { continue }
            order.remove(at: turn)
            let element = remove(at: index, of: team)
            if lines[team] != nil { order.append(team) }
            return element
        }
        return nil
    }

    /// Removes an element that stops waiting; the order of turns is unchanged.
    mutating func remove(of team: TeamID, where isMeant: (Element) -> Bool) -> Element? {
        guard let index = lines[team]?.firstIndex(where: isMeant) else { return nil }
        let element = remove(at: index, of: team)
        if lines[team] == nil { order.removeAll { $0 == team } }
        return element
    }

    /// Removes all elements, in the order of their turns.
    mutating func removeAll() -> [Element] {
        var all: [Element] = []
        while let element = take(where: { _ in true }) { all.append(element) }
        return all
    }

    private mutating func remove(at index: Int, of team: TeamID) -> Element {
        guard var line = lines[team] else { preconditionFailure("nobody of team \(team) waits") }
        lines[team] = nil  // so that the array is mutated in place
        let element = index == line.startIndex ? line.removeFirst() : line.remove(at: index)
        if !line.isEmpty { lines[team] = line }
        count -= 1
        return element
    }
}
