import ArgumentParser

/// The values that can be set for a vendor key.
struct UpstreamKeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Its share of the requests beside the other keys' weights.", valueName: "number"))
    var weight: Int?

    @Option(help: ArgumentHelp("From when on it is used, RFC 3339.", valueName: "time")) var notBefore: TimeArgument?

    @Option(help: ArgumentHelp("From when on it is not used any more, RFC 3339.", valueName: "time"))
    var notAfter: TimeArgument?

    @Option(help: ArgumentHelp("Credits that it may spend in a calendar month.", valueName: "credits"))
    var monthlyCredits: DecimalArgument?

    func write(to members: inout MemberList) {
        members.set("weight", weight.map { .number(String($0)) })
        members.set("not_before", notBefore?.value)
        members.set("not_after", notAfter?.value)
        members.set("monthly_credits", monthlyCredits?.value)
    }
}

/// The values that can be removed from a vendor key.
struct UpstreamKeyRemovals: ParsableArguments {
    @Flag(name: .customLong("no-not-before"), help: "Use it from now on.") var noNotBefore = false
    @Flag(name: .customLong("no-not-after"), help: "Use it without an end.") var noNotAfter = false
    @Flag(name: .customLong("no-monthly-credits"), help: "Take the limit of the month off.")
    var noMonthlyCredits = false

    func write(to members: inout MemberList) {
        members.clear("not_before", if: noNotBefore)
        members.clear("not_after", if: noNotAfter)
        members.clear("monthly_credits", if: noMonthlyCredits)
    }

    /// Refuses a value that is both set and removed.
    func validate(beside key: UpstreamKeyOptions) throws {
        let clashes = [
            ("not-before", noNotBefore && key.notBefore != nil),
            ("not-after", noNotAfter && key.notAfter != nil),
            ("monthly-credits", noMonthlyCredits && key.monthlyCredits != nil),
        ]
        for (name, isClash) in clashes where isClash {
            throw ValidationError("--\(name) is given together with the option that takes it off")
        }
    }
}
