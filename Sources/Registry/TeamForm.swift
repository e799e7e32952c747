public import Forms
public import Vocabulary

/// The JSON form of a team in the file and the admin API.
public enum TeamForm {
    /// Reads all members but `id` and `keys` into a record; an absent member leaves its value, null clears it.
    ///
    /// - Parameter accounts: the accounts of upstream keys; any other account is a fault. Not checked when empty.
    public static func read(_ reader: ObjectReader, into record: inout TeamRecord, accounts: Set<AccountID>) {
        if !reader.isNull("name") { reader.name("name", into: &record.name) }
        readAccount(reader, into: &record.account, accounts)
        if reader.isSet("budgets") { record.budgets = BudgetForm.read(reader, "budgets") }
        _ = reader.take("budgets")
        if reader.isNull("requests_per_second") {
            record.limits.requestsPerSecondMillionths = nil
        } else if let rate = reader.millionths("requests_per_second") {
            record.limits.requestsPerSecondMillionths = rate
        }
        readConcurrency(reader, into: &record.limits.concurrencyMax)
        if reader.isNull("models") {
            record.limits.models = nil
        } else if let models = reader.strings(
            "models",
            atMost: FormLimits.models,
            ObjectReader.whatIsWrong(withName:)
        ) {
            record.limits.models = Set(models)
        }
        if reader.isNull("cache_scope") {
            record.cacheScope = nil
        } else {
            reader.choice("cache_scope", into: &record.cacheScope)
        }
    }

    private static func readAccount(
        _ reader: ObjectReader,
        into account: inout AccountID,
        _ accounts: Set<AccountID>
    ) {
        var text = account.rawValue
        reader.name("account", into: &text)
        account = AccountID(rawValue: text)
        guard !accounts.isEmpty, !accounts.contains(account) else { return }
        reader.fault("account", "is not the account of any upstream key; correct it or add a key of that account")
    }

    private static func readConcurrency(_ reader: ObjectReader, into limit: inout Int?) {
        if reader.isNull("max_concurrency") {
            limit = nil
        } else if reader.isSet("max_concurrency") {
            var number = limit ?? 1
            reader.integer("max_concurrency", into: &number, 1...1_000_000)
            limit = number
        } else {
            _ = reader.take("max_concurrency")
        }
    }
}
