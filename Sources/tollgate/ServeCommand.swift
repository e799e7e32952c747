import ArgumentParser
import Configuration
import EventLoops

/// `tollgate serve --config FILE`: runs the gateway.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the gateway.",
        discussion: """
            SIGHUP reads the configuration again. SIGTERM and SIGINT finish what is under way and exit; a second one \
            does not wait. Sockets that a supervisor hands over (sd_listen_fds(3)) are used in place of listen.address \
            and admin.address, and the supervisor is told what happens (sd_notify(3)).

            EXAMPLES
              tollgate serve --config tollgate.json
            """
    )

    @Option(name: .customLong("config"), help: "The configuration file.")
    var file: String

    func run() throws {
        // Must precede reading any secret.
        ProcessMemory.hide()
        let loaded = try LoadedConfiguration.load(file)
        let logs = try Logs(loaded.configuration.log)
        logs.tell(loaded.remarks, of: file)
        let file = self.file
        try Service.run(loaded.configuration, logs: logs) { service in
            logs.announce("tollgate listening on \(service.clientURL) with admin on \(service.adminURL)")
            try service.reloadsFrom(file)
        }
    }
}
