/// The result of a command that has ended.
public struct CommandResult: Sendable {
    public let end: ProcessEnd
    public let stdout: [UInt8]
    public let stderr: String

    public var output: String { String(decoding: stdout, as: UTF8.self) }
    public var succeeded: Bool { end == .exit(0) }

    /// Runs a command found in PATH to its end.
    public static func of(_ command: [String], environment: [String: String] = [:]) throws -> CommandResult {
        try CommandResult(process: ServerProcess(command, environment: environment))
    }

    /// Runs one of the package's own programs to its end.
    public static func ofProgram(
        _ name: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> CommandResult {
        try CommandResult(process: .program(name, arguments, environment: environment))
    }

    private init(process: ServerProcess) throws {
        end = try process.waitForEnd()
        stdout = process.stdout.bytes
        stderr = process.stderr.text
    }
}
