//! Words that passwords are made of most: what guessers begin with, in several languages. Put together by hand.

/// In small letters, blanks between them.
pub(super) const COMMON: &str = "
password passwort passwd passcode passw pass passpass motdepasse contrasena senha parola wachtwoord haslo salasana
welcome willkommen bienvenue welkom bienvenido login logon signin letmein openup opensesame sesame access default changeme change
changeit secret geheim admin administrator root superuser sysadmin manager service support helpdesk office company firma user
guest test testing tester temp temporary demo sample example hello hallo hellothere goodbye iloveyou loveyou
ilove lovely love lover amore forever friend friends family mother father sister brother baby babygirl angel angels princess
prince queen king master shadow dragon monkey tiger lion eagle falcon phoenix wolf bear panda kitty kitten puppy doggy
horse pony unicorn butterfly flower flowers sunflower rose daisy lily orchid sunshine rainbow starlight moonlight summer
sommer winter spring autumn herbst fruehling january february march april june july august september october
november december januar februar maerz juni juli oktober dezember monday tuesday wednesday thursday friday saturday sunday montag
dienstag mittwoch donnerstag freitag samstag sonntag football fussball soccer baseball basketball hockey tennis golf
rugby cricket arsenal chelsea liverpool barcelona juventus bayern schalke borussia madrid ferrari porsche mercedes
mustang corvette harley yamaha honda toyota batman superman spiderman ironman starwars startrek pokemon pikachu naruto
minecraft fortnite nintendo playstation xbox matrix trustno trustme trust freedom liberty america england london paris
berlin hamburg muenchen vienna wien zurich china beijing shanghai canada australia india brasil mexico
blessed heaven hunter ranger killer ninja samurai warrior soldier pirate wizard magic merlin gandalf hobbit
thomas michael michelle jennifer jessica jordan robert daniel andrew charlie george william anthony matthew joshua
ashley amanda nicole samantha alexander andreas christian stefan martin peter sabine claudia maria hannah
computer internet server network windows linux ubuntu debian google facebook microsoft apple samsung oracle cisco
database backup security secure sicher sicherheit qwerty qwertz azerty asdf asdfgh zxcvbn zxcvbnm qazwsx qazwsxedc qweasd
qweasdzxc asdasd qweqwe abc abcd abcdef xyz letme whatever nothing something money dollar cash gold
silver diamond crystal cookie chocolate cheese pepper ginger banana orange cherry pumpkin coffee
thunder lightning storm blizzard hurricane firebird mountain ocean river summertime holiday vacation music guitar
rockstar dance woaini woaiwojia nihao mima zhongguo gongsi yonghu guanliyuan
";
