import ArgumentParser

/// What can be taken off a key at the vendor.
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

    /// Nothing is set and taken off at once.
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
