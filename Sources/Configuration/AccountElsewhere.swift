import Forms
public import Vocabulary

/// A team whose account no upstream key of the file has. It is in order when a key that was made through the
/// admin API has it, which the store alone knows.
public struct AccountElsewhere: Sendable, Equatable {
    /// Of the member that names it.
    let path: String
    let account: AccountID

    /// What to say where the store cannot be asked.
    public var remark: String {
        let what = "no upstream key of the file has account \(account)"
        return "\(path): \(what); one made through the admin API has to, or serve refuses"
    }

    /// What is wrong where the store was asked.
    fileprivate var fault: FormFault {
        FormFault(
            path: path,
            message: "is not the account of any upstream key, of the file or the store; correct it or add a key of it"
        )
    }
}

extension GatewayConfiguration {
    /// - Parameter accounts: those that some upstream key has, of the file or of the store.
    /// - Throws: teams of the file have another one.
    public func checkAccounts(against accounts: Set<AccountID>) throws(ConfigurationFaults) {
        let faults = accountsElsewhere.filter { !accounts.contains($0.account) }.map(\.fault)
        if !faults.isEmpty { throw ConfigurationFaults(faults: faults) }
    }
}
