import GRDB
import Vocabulary

extension StoreFault {
    /// What an error of SQLite means to those who use the store. <https://www.sqlite.org/rescode.html>
    init(_ error: DatabaseError) {
        let code: Code =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_READONLY: .readOnly
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
            // The file of the WAL's index cannot grow: the only cause in practice is a full disk.
            case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: .full
            default: .unavailable
            }
        let advice =
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: "; another program holds a lock on the file, which it should not open"
            case .SQLITE_FULL: "; free some space on the disk"
            default: ""
            }
        self.init(code: code, detail: "SQLite: \(error.extendedResultCode): \(error.message ?? "no message")\(advice)")
    }

    /// Whether after this error nothing more may be acknowledged.
    ///
    /// After a failed fsync the kernel may have dropped the pages and forgotten that they were dirty, so that the next
    /// fsync succeeds without having written them (Rebello and others, "Can Applications Recover from fsync
    /// Failures?", ATC 2020). The only sound way on is to end and read the file again.
    static func isFatal(_ error: any Error) -> Bool {
        switch (error as? DatabaseError)?.extendedResultCode {
        case .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC: true
        default: false
        }
    }
}
