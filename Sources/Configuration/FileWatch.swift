/// Decides when the files that a configuration names are read again: what was seen goes in, what to do comes out.
///
/// - W1. A state is read only when two looks in a row have seen it: several files are seldom replaced at once, and what
///   is still being written is not taken for a secret. Files that never come to rest are read all the same.
/// - W2. A state that was refused is not read again before it changes, except once in `retryLooks` looks: a file
///   system may have failed, which no state shows.
/// - W3. The same faults are told once, until something is in order again.
public struct FileWatch: Sendable {
    public enum Action: Sendable, Equatable {
        case nothing
        /// Something has changed; look again soon.
        case lookAgain
        /// Read the files, then call `applied` or `refused`.
        case read
    }

    /// How many looks in a row may find something new before it is read as it is.
    static let unsettledLooksMax = 10
    static let retryLooks = 6

    /// Of the configuration in effect.
    private var applied: FileStates
    private var refused: FileStates?
    private var faultsTold: [String] = []
    private var candidate: FileStates?
    private var unsettledLooks = 0
    private var looksSinceRefusal = 0

    public init(_ applied: FileStates) { self.applied = applied }

    /// The files to look at.
    public var paths: [String] { Array(applied.keys) }

    public mutating func looked(_ states: FileStates) -> Action {
        guard states != applied else {
            settle()
            refused = nil
            faultsTold = []
            return .nothing
        }
        if states == refused {
            settle()
            looksSinceRefusal += 1
            return looksSinceRefusal % Self.retryLooks == 0 ? .read : .nothing
        }
        unsettledLooks += 1
        if states == candidate || unsettledLooks >= Self.unsettledLooksMax {
            settle()
            return .read
        }
        candidate = states
        return .lookAgain
    }

    private mutating func settle() {
        candidate = nil
        unsettledLooks = 0
    }

    /// A configuration with these files is in effect, whatever was the cause.
    public mutating func applied(_ states: FileStates) { self = FileWatch(states) }

    /// What was read on `read` changes nothing.
    ///
    /// - Parameter faults: a line each.
    /// - Returns: whether they are to be told.
    public mutating func refused(_ states: FileStates, _ faults: [String]) -> Bool {
        refused = states
        looksSinceRefusal = 0
        defer { faultsTold = faults }
        return faults != faultsTold
    }
}
