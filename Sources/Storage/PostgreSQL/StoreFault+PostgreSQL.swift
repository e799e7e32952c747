internal import PostgreSQL
import Vocabulary

extension StoreFault {
    /// What a failure of PostgreSQL means to those who use the store.
    init(_ failure: PostgreSQLFailure) {
        let code: Code =
            switch failure.meaning {
            case .full: .full
            case .readOnly, .permission: .readOnly
            case .retry, .lockTimeout, .shuttingDown, .notAcceptingYet, .uniqueViolation, .checkViolation, .other:
                .unavailable
            }
        let advice =
            switch failure.meaning {
            case .full: "; free some space, or raise the limit, on the database's server"
            case .readOnly: "; the server is a standby, or its database is read-only"
            case .permission: "; grant the role what docs/storage.md lists"
            default: ""
            }
        self.init(code: code, detail: "PostgreSQL: \(failure)\(advice)")
    }
}
