/// The faults and warnings found while one form is read. Confined to that reading.
public final class FormReport {
    public private(set) var faults: [FormFault] = []
    /// Values that are valid but deserve attention; each line begins with the member's path.
    public private(set) var warnings: [String] = []

    /// The number of faults that were counted but not kept.
    public private(set) var droppedCount = 0

    /// Whether null removes a value: true when a form changes something that exists, false when it states everything
    /// anew.
    public let takesNull: Bool
    private let faultsMax: Int
    /// How many more unknown members may get a hint with a similar name.
    private var hintsLeft = 20

    /// - Parameter faultsMax: faults beyond this number are only counted.
    public init(takesNull: Bool = false, faultsMax: Int = .max) {
        self.takesNull = takesNull
        self.faultsMax = faultsMax
    }

    /// The texts are built only if the fault is kept.
    public func fault(_ path: @autoclosure () -> String, _ message: @autoclosure () -> String) {
        guard faults.count < faultsMax else {
            droppedCount += 1
            return
        }
        faults.append(FormFault(path: path(), message: message()))
    }

    /// Whether one more hint may be looked for: hints take time, and a few are enough.
    func takeHint() -> Bool {
        guard hintsLeft > 0 else { return false }
        hintsLeft -= 1
        return true
    }

    public func warn(_ path: String, _ message: String) { warnings.append("\(path): \(message)") }
}

/// One fault of a form.
public struct FormFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// The member's path, `upstream.keys[0].secret`; empty for the whole form.
    public let path: String
    /// What is wrong and how to fix it; contains no secret.
    public let message: String

    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
