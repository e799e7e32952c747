import AdminClient
import ArgumentParser
import EventLoops
import Foundation

/// A command that calls the admin API and prints the answer.
protocol AdminCommand: ParsableCommand {
    var options: AdminOptions { get }
    /// Whether the calls carry the token; a probe is not given it.
    static var needsToken: Bool { get }

    /// What the gateway does while a person at the terminal waits, if that may take long.
    var waiting: String? { get }

    /// Makes the calls and returns the output.
    func answer(of client: AdminCaller) throws -> AdminOutput
}

extension AdminCommand {
    var waiting: String? { nil }
    static var needsToken: Bool { true }
    /// A list of fewer items is there at once.
    private static var itemsShown: Int { 1_000 }

    func run() throws {
        // Must precede reading the token.
        ProcessMemory.hide()
        // A connection that breaks during a write must be reported as a fault, not end the program.
        let onBrokenPipe = signal(SIGPIPE, SIG_IGN)
        do {
            let token = Self.needsToken ? try AdminTokenVariable.read(ProcessInfo.processInfo.environment) : nil
            let trust = try options.admin.url.isTLS ? options.trust() : AdminTrust()
            let output = try fetch(token, trust)
            // If the reader closes early (`| head`), the program ends silently, as other programs do.
            signal(SIGPIPE, onBrokenPipe)
            try print(output)
        } catch let fault as AdminCallFault {
            throw fail(fault.description)
        } catch let fault as UsageFault {
            throw fail(fault.description)
        }
    }

    private func fetch(_ token: String?, _ trust: AdminTrust) throws -> AdminOutput {
        let progress = ProgressLine()
        defer { progress.end() }
        var client = AdminCaller(address: options.admin, token: token, trust: trust)
        client.onProgress = { if $0 >= Self.itemsShown { progress.show("\($0) items so far") } }
        progress.show(waiting)
        return try answer(of: client)
    }

    private func print(_ output: AdminOutput) throws(UsageFault) {
        let terminal = Terminal.ofStandardOutput(ProcessInfo.processInfo.environment)
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(output.text(options.output, on: terminal).utf8))
        } catch {
            throw UsageFault(description: "standard output cannot be written; the answer is lost, not the change")
        }
        if let remark = output.remark { StandardError.print("tollgate: \(remark)") }
    }

    private func fail(_ message: String) -> ExitCode {
        StandardError.print("tollgate: \(message)")
        return ExitCode(1)
    }
}

/// A command that makes a single call of the admin API.
protocol AdminCallCommand: AdminCommand {
    /// The kind of the answer.
    static var resource: ResourceMembers { get }
    /// Printed when the answer has no content.
    var doneText: String { get }

    /// Builds the call from the options, and the files and variables that they name.
    func call() throws -> AdminCall
}

extension AdminCallCommand {
    var doneText: String { "done" }

    func answer(of client: AdminCaller) throws -> AdminOutput {
        guard let object = try client.send(try call()) else { return .done(doneText) }
        return .one(object, Self.resource)
    }
}
