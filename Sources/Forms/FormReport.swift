/// What one reading comes to beside its values. Confined to that reading.
public final class FormReport {
    public private(set) var faults: [FormFault] = []
    /// What is in order but deserves a look; each line begins with the member's path.
    public private(set) var warnings: [String] = []
    /// Paths of members that are set.
    public private(set) var setPaths: Set<String> = []

    /// How many faults there are beside those that are kept.
    public private(set) var droppedCount = 0

    /// Whether null takes a value away: where what is there is changed, and not where everything is said anew.
    public let takesNull: Bool
    private let faultsMax: Int
    /// How many members that nobody asked for may still be told a name that comes near.
    private var hintsLeft = 20

    /// - Parameter faultsMax: beyond so many they are only counted.
    public init(takesNull: Bool = false, faultsMax: Int = .max) {
        self.takesNull = takesNull
        self.faultsMax = faultsMax
    }

    /// The texts are made only when they are kept.
    public func fault(_ path: @autoclosure () -> String, _ message: @autoclosure () -> String) {
        guard faults.count < faultsMax else {
            droppedCount += 1
            return
        }
        faults.append(FormFault(path: path(), message: message()))
    }

    /// Whether one more hint may be looked for: it takes time, and nobody reads many.
    func takeHint() -> Bool {
        guard hintsLeft > 0 else { return false }
        hintsLeft -= 1
        return true
    }

    public func warn(_ path: String, _ message: String) { warnings.append("\(path): \(message)") }

    public func note(_ path: String) { setPaths.insert(path) }
}

/// One thing that is wrong with what somebody filled in.
public struct FormFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The member's path, `upstream.keys[0].secret`; empty for the whole.
    public let path: String
    /// What is wrong and what to do; holds no secret.
    public let message: String

    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
