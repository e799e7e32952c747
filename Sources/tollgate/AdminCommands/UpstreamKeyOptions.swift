import ArgumentParser

/// What can be set for a key at the vendor.
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
