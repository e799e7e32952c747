import GRDB
internal import PostgreSQL
import Vocabulary

extension StoreFault {
    /// The fault of an operation that threw.
    init(thrown error: any Error) {
        switch error {
        case let fault as StoreFault: self = fault
        case let error as DatabaseError: self.init(error)
        case let failure as PostgreSQLFailure: self.init(failure)
        case let doubt as CommitInDoubt: self = doubt.fault
        case let lost as SeatLost: self = lost.fault
        default: self.init(code: .unavailable, detail: "\(error)")
        }
    }
}
