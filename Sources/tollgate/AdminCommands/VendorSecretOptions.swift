import AdminClient
import ArgumentParser
import Foundation

/// The source of the vendor's secret. Never an argument: the shell's history and the process list would show it.
struct VendorSecretOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file that holds the vendor's secret alone; - reads standard input.",
            discussion: "One line break at its end is dropped.",
            valueName: "path"
        )
    )
    var secretFile: String?

    @Option(help: ArgumentHelp("The environment variable that holds the vendor's secret.", valueName: "name"))
    var secretEnv: String?

    func validate() throws {
        guard (secretFile == nil) != (secretEnv == nil) else {
            throw ValidationError("give the vendor's secret with either --secret-file or --secret-env")
        }
    }

    /// - Parameter input: read when the path is `-`.
    func read(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        input: FileHandle = .standardInput
    ) throws(UsageFault) -> String {
        try SecretInput(name: "the vendor's secret", file: secretFile, variable: secretEnv)
            .read(environment: environment, input: input)
    }
}
