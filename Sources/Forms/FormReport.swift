/// What one reading comes to beside its values. Confined to that reading.
public final class FormReport {
    public private(set) var faults: [FormFault] = []
    /// What is in order but deserves a look; each line begins with the member's path.
    public private(set) var warnings: [String] = []
    /// Paths of members that are set.
    public private(set) var setPaths: Set<String> = []

    /// Whether null takes a value away: where what is there is changed, and not where everything is said anew.
    public let takesNull: Bool

    public init(takesNull: Bool = false) { self.takesNull = takesNull }

    public func fault(_ path: String, _ message: String) { faults.append(FormFault(path: path, message: message)) }

    public func warn(_ path: String, _ message: String) { warnings.append("\(path): \(message)") }

    public func note(_ path: String) { setPaths.insert(path) }
}
