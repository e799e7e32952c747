import Vocabulary

/// Gives the first names it meets a number each, and all later ones together the number 0: this is what bounds the
/// values of a label.
///
/// Guarded. A name keeps its number for the life of the process, whatever becomes of what it names. So no counter ever
/// moves between a name and `other`, which would make one of the two go down.
public final class BoundedNames: Sendable {
    /// What the names beyond the limit are called together. One that really has this name is counted with them.
    public static let other = "other"

    private struct State {
        var names = [BoundedNames.other]
        var numbers = [BoundedNames.other: 0]
    }

    private let state = Guarded(State())
    private let namesMax: Int

    /// - Parameter namesMax: how many names are kept beside `other`.
    public init(namesMax: Int) { self.namesMax = namesMax }

    /// The number of a name, which gets one if it has none and there is one left; else 0. Any thread.
    public func number(of name: String) -> Int {
        state.withLock { state in
            if let number = state.numbers[name] { return number }
            guard state.names.count <= namesMax else { return 0 }
            let number = state.names.count
            state.names.append(name)
            state.numbers[name] = number
            return number
        }
    }

    /// The names by their numbers, `other` first. Any thread.
    public var names: [String] { state.withLock { $0.names } }
}
