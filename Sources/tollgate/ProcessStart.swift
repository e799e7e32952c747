import Glibc

/// What the program settles before it does anything else.
enum ProcessStart {
    /// The signals that a running gateway answers: `Service` takes them over.
    private static let answered = [SIGHUP, SIGTERM, SIGINT]

    /// For a program whose exit says what came of it: no output may end it. A reader that is gone and a file that may not
    /// grow are errors of write(2), not signals.
    static func ignoreOutputSignals() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Descriptors 0 to 2 that are closed are opened on nothing, so that no file or socket gets their numbers and with
    /// them what is meant for people.
    static func openStandardDescriptors() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // The lowest free number is this one, since those before it are open by now.
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// From here on the signals wait, until `releaseSignals` lets the handlers have them: before there are any, each
    /// would end the process. Threads that are started meanwhile leave them alone too.
    static func holdSignals() { mask(SIG_BLOCK) }

    static func releaseSignals() { mask(SIG_UNBLOCK) }

    private static func mask(_ how: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in answered { sigaddset(&signals, number) }
        pthread_sigmask(how, &signals, nil)
    }
}
