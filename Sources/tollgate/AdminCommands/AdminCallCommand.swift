import AdminClient

/// A command that is one call of the admin API.
protocol AdminCallCommand: AdminCommand {
    /// What the answer is.
    static var resource: ResourceMembers { get }
    /// What is said when the answer is only that it is done.
    var doneText: String { get }

    /// The call, made of the options alone, and of the files and variables that they name.
    func call() throws -> AdminCall
}

extension AdminCallCommand {
    var doneText: String { "done" }

    func answer(of client: AdminCaller) throws -> AdminOutput {
        guard let object = try client.send(try call()) else { return .done(doneText) }
        return .one(object, Self.resource)
    }
}
