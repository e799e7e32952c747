import Vocabulary

/// A queue that takes turns between teams: each team's own come in order, and however many one team has in it, the
/// others wait no longer than for one of each. Pure.
///
/// A round robin of equal weights: what a team may have under way is bounded by its own `max_concurrency` already.
struct FairQueue<Element> {
    private var lines: [TeamID: ArraySlice<Element>] = [:]
    /// The teams that have somebody here, each once; the first one's turn is next.
    private var order: [TeamID] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element, of team: TeamID) {
        count += 1
        if lines[team] == nil { order.append(team) }
        lines[team, default: []].append(element)
    }

    /// Takes the next one that is ready. A team of which nobody is ready keeps its turn.
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

    /// Takes one out that wants to wait no longer; the turns stay as they are.
    mutating func remove(of team: TeamID, where isMeant: (Element) -> Bool) -> Element? {
        guard let index = lines[team]?.firstIndex(where: isMeant) else { return nil }
        let element = remove(at: index, of: team)
        if lines[team] == nil { order.removeAll { $0 == team } }
        return element
    }

    /// Takes all, in the order of their turns.
    mutating func removeAll() -> [Element] {
        var all: [Element] = []
        while let element = take(where: { _ in true }) { all.append(element) }
        return all
    }

    private mutating func remove(at index: Int, of team: TeamID) -> Element {
        guard var line = lines[team] else { preconditionFailure("nobody of team \(team) waits") }
        lines[team] = nil  // so that the line is changed in place
        let element = index == line.startIndex ? line.removeFirst() : line.remove(at: index)
        if !line.isEmpty { lines[team] = line }
        count -= 1
        return element
    }
}
