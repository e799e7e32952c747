import ArgumentParser
import Configuration
import EventLoops
import Foundation

/// `tollgate serve --config FILE`: the gateway.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the gateway.",
        discussion: "SIGHUP reads the configuration again. SIGTERM and SIGINT finish what is under way and exit; "
            + "a second one does not wait."
    )

    @Option(name: .customLong("config"), help: "The configuration file.")
    var file: String

    func run() throws {
        // Before there is a secret to hide.
        ProcessMemory.hide()
        let loaded = try LoadedConfiguration.load(file)
        for line in loaded.remarks { StandardError.print("\(file): \(line)") }
        let file = self.file
        try Service.run(loaded.configuration) { service in
            print("tollgate listening on \(service.clientURL) with admin on \(service.adminURL)")
            fflush(nil)
            service.reloadsFrom(file)
        }
    }
}
