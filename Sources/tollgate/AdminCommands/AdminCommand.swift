import AdminClient
import ArgumentParser
import EventLoops
import Foundation

/// A command that asks the admin API something and prints the answer.
protocol AdminCommand: ParsableCommand {
    var options: AdminOptions { get }

    /// Asks, and says what there is to print.
    func answer(of client: AdminCaller) throws -> AdminOutput
}

extension AdminCommand {
    func run() throws {
        // Before there is a token to hide.
        ProcessMemory.hide()
        // A connection that breaks while it is written to is a fault to report, not the end of the program.
        let onBrokenPipe = signal(SIGPIPE, SIG_IGN)
        do {
            let token = try AdminTokenVariable.read(ProcessInfo.processInfo.environment)
            let output = try answer(of: AdminCaller(address: options.admin, token: token))
            // A reader that has seen enough (`| head`) ends the program in silence, as it does with others.
            signal(SIGPIPE, onBrokenPipe)
            try print(output)
        } catch let fault as AdminCallFault {
            throw fail(fault.description)
        } catch let fault as UsageFault {
            throw fail(fault.description)
        }
    }

    private func print(_ output: AdminOutput) throws(UsageFault) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(output.text(options.output).utf8))
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
