public import Vocabulary

/// Makes copies of the whole store while it is in use.
///
/// Callable from any thread; never blocks. Answers exactly once, on a thread of the store or, when it is refused at
/// once, on the caller's.
public protocol BackupStore: Sendable {
    /// Makes a copy of all that was durable at one moment. There is one copy at a time: the next can be made when this
    /// one is closed.
    func copyAll(then: @escaping @Sendable (Result<any StoreCopy, BackupFault>) -> Void)
}

/// A copy of a store, to be read once from its beginning to its end.
///
/// Guarded; any thread. What it takes on the disk is given back by `close`, by its last reference, and by the end of
/// the process, however it ends.
public protocol StoreCopy: AnyObject, Sendable {
    var byteCount: Int64 { get }
    /// SHA-256 of all its bytes.
    var digest: Digest { get }
    var schemaVersion: Int { get }

    /// Reads the next bytes, on a thread of the store: at most `StoreCopyLimits.pieceBytes`, none at the end. One read
    /// at a time.
    func next(then: @escaping @Sendable (Result<[UInt8], StoreFault>) -> Void)

    /// Gives up what the copy takes. A read under way may be answered yet.
    func close()
}

public enum StoreCopyLimits {
    public static let pieceBytes = 128 * 1_024
}

/// Why there is no copy. Nothing of it is left on the disk.
public enum BackupFault: Error, Sendable, Equatable {
    /// Another copy is being made or read.
    case underWay
    /// This kind of store is copied by other means; the text says by which.
    case elsewhere(String)
    /// The disk has less room than the copy needs, and what the gateway itself is left.
    case noRoom(needed: Int64, free: Int64)
    /// The write-ahead log, which cannot be reset before the copy is made, grew by this many bytes.
    case logGrown(bytes: Int64)
    case failed(StoreFault)
}
