/* One PAM login and nothing else, for the comparison in fresh processes; prints the microseconds its PAM calls took.
 *
 * usage: samekey-bench-login FOLDER SERVICE USER CODE      exit 0: let in; 1: not
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Answers every prompt with the code. */
static int converse(int count, const struct pam_message **messages, struct pam_response **responses, void *code)
{
    struct pam_response *answers = calloc(count, sizeof *answers);
    if (!answers)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++)
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON || messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            answers[i].resp = strdup(code);
    *responses = answers;
    return PAM_SUCCESS;
}

static double microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

int main(int count, char **words)
{
    if (count != 5)
        return 2;
    struct pam_conv conversation = {converse, words[4]};
    pam_handle_t *login;
    double start = microseconds();
    if (pam_start_confdir(words[2], words[3], &conversation, words[1], &login) != PAM_SUCCESS)
        return 1;
    int entered = pam_authenticate(login, 0);
    pam_end(login, entered);
    printf("%.1f\n", microseconds() - start);
    return entered == PAM_SUCCESS ? 0 : 1;
}
