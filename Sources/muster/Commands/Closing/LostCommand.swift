import ArgumentParser
import CapacityAPI

struct LostCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lost",
        abstract: "Declares that a site is gone, with all that ran there. Needs an operator's key.",
        discussion: """
            What ran there has failed from now on and is billed no longer; spare that orders hold stands in for it, the rest is placed \
            anew. Only a person can know: a silent agent may be cut off from here while its containers serve. If the site is back, \
            its agent stops what it runs of all that; then 'muster closure lift' opens it again. Example:

              $ muster site lost 1101-telecom-1 --reason "fire"
            """
    )

    @Option(help: "Why, for other operators.") var reason: String
    @OptionGroup var place: PlaceOptions

    func run() async throws {
        try await place.close("lost", SiteNoun.self, ["reason": .string(reason)])
    }
}
